/** 0 done, 1 a server is away or refused, 2 the call was wrong, 3 what was printed is not proven complete. */
export type ExitStatus = 0 | 1 | 2 | 3;

/** The code of an error that is thrown after all has been printed: status 3. */
export const ANSWER_INCOMPLETE = "answer_incomplete";
