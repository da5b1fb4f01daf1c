import { type StepRecord, type SupervisorRecord, writeSupervisorRecord } from "./records.ts";

export interface Steps {
  /** Does a step and records what it waits for, how it ended, and how long it took. */
  take<T>(name: string, waitsFor: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  update(changes: Partial<Omit<SupervisorRecord, "steps" | "process">>): void;
}

/** Records the steps of a start in `run/supervisor.json`, where whoever waits for the start reads them. */
export function recordSteps(run: string, first: SupervisorRecord): Steps {
  let record = first;
  const update = (changes: Partial<SupervisorRecord>) => {
    record = { ...record, ...changes };
    writeSupervisorRecord(run, record);
  };
  const change = (name: string, changes: Partial<StepRecord>) =>
    update({ steps: record.steps.map((step) => (step.name === name ? { ...step, ...changes } : step)) });

  return {
    update,
    async take(name, waitsFor, work) {
      const startedMs = performance.now();
      const tookMs = () => Math.round(performance.now() - startedMs);
      update({ steps: [...record.steps, { name, note: waitsFor, state: "doing", tookMs: null }] });
      try {
        const result = await work((text) => change(name, { note: text }));
        change(name, { state: "done", tookMs: tookMs() });
        return result;
      } catch (error) {
        change(name, { state: "failed", tookMs: tookMs() });
        throw error;
      }
    },
  };
}
