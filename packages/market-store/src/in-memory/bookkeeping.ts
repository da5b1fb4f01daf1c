import { type RejectionSample, rejectedRecordOf, rejectionSample } from "../bookkeeping/rejection-sample.ts";
import type { Checkpoints, RejectionSamples, StoreVersion } from "../market-store.ts";
import { storeConflict } from "../store-errors.ts";

export function inMemoryCheckpoints(): Checkpoints {
  const states = new Map<string, { state: unknown; version: StoreVersion }>();
  let seqNo = 0;
  return {
    read: async (name) => states.get(name) ?? null,
    async write(name, state, replaces) {
      if (states.get(name)?.version.seqNo !== replaces?.seqNo) throw storeConflict(`the checkpoint ${name}`);
      const version = { seqNo, primaryTerm: 1 };
      seqNo += 1;
      // Through JSON, as the real store takes it: undefined fields and the like do not survive.
      states.set(name, { state: JSON.parse(JSON.stringify(state)), version });
      return version;
    },
  };
}

export function inMemoryRejections(): RejectionSamples {
  const samples = new Map<string, RejectionSample>();
  return {
    async keepSamples(rejected) {
      for (const sample of rejected.map(rejectionSample))
        if (!samples.has(sample.id)) samples.set(sample.id, sample);
    },
    async findSamples({ kind, limit }) {
      return [...samples.values()]
        .filter((sample) => (kind ?? sample.kind) === sample.kind)
        .sort((a, b) => b.receivedAtMs - a.receivedAtMs)
        .slice(0, limit)
        .map(rejectedRecordOf);
    },
  };
}
