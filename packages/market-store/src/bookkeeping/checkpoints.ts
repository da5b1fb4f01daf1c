import { z } from "zod";
import type { Checkpoints } from "../market-store.ts";
import { getAnswer, readAnswer } from "../opensearch/answers.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { storeConflict } from "../store-errors.ts";

const checkpointDocument = z.object({ state: z.unknown() });
const writtenAnswer = z.object({ _seq_no: z.number(), _primary_term: z.number() });

/** Read and written by id, in real time, each write guarded by the version that was read. */
export function checkpoints({ store, names, now, ready }: StoreParts): Checkpoints {
  const pathOf = (name: string) => `/${names.checkpoints}/_doc/${encodeURIComponent(name)}`;
  return {
    async read(name) {
      const answer = await store.request({ method: "GET", path: pathOf(name), accept: [404] });
      const document = readAnswer(getAnswer, answer.body, `the checkpoint ${name}`);
      if (!document.found || document._seq_no === undefined || document._primary_term === undefined)
        return null;
      const { state } = readAnswer(checkpointDocument, document._source, `the checkpoint ${name}`);
      return { state, version: { seqNo: document._seq_no, primaryTerm: document._primary_term } };
    },
    async write(name, state, replaces) {
      await ready();
      const answer = await store.request({
        method: "PUT",
        path: pathOf(name),
        query: replaces
          ? { if_seq_no: replaces.seqNo, if_primary_term: replaces.primaryTerm }
          : { op_type: "create" },
        body: { name, state, written_at: now() },
        accept: [409],
      });
      if (answer.status === 409) throw storeConflict(`the checkpoint ${name}`);
      const written = readAnswer(writtenAnswer, answer.body, `the checkpoint ${name}`);
      return { seqNo: written._seq_no, primaryTerm: written._primary_term };
    },
  };
}
