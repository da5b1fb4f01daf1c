import type { RawClient, RawRequest } from "./raw-http.ts";

/** What a number of clients saw that each asked again as soon as it was answered. */
export interface Answers {
  readonly tookMs: readonly number[];
  /** Anything but a 200, or no answer at all. */
  readonly errors: number;
}

/** Asks for the given time and at least so often that a percentile means something, within three times the time. */
export async function askAtOnce(
  http: RawClient,
  question: RawRequest,
  { clients, forMs, answersMin }: { clients: number; forMs: number; answersMin: number },
): Promise<Answers> {
  const tookMs: number[] = [];
  let errors = 0;
  const startedMs = performance.now();
  const goesOn = () => {
    const passedMs = performance.now() - startedMs;
    return passedMs < forMs || (tookMs.length < answersMin && passedMs < 3 * forMs);
  };
  const ask = async () => {
    while (goesOn()) {
      const askedMs = performance.now();
      const status = await http.send(question).then(
        (answer) => answer.status,
        () => 0,
      );
      tookMs.push(performance.now() - askedMs);
      if (status !== 200) errors += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, ask));
  return { tookMs, errors };
}
