import type { BusMessage } from "@polytape/event-bus";

/** A message that writes down how it was answered; for tests. */
export function aMessage(
  more: Partial<BusMessage> & { text?: string } = {},
): BusMessage & { answers: string[] } {
  const answers: string[] = [];
  return {
    subject: "job.rebuild.day",
    streamSequence: 7,
    deliveries: 1,
    data: Buffer.from(more.text ?? "{}"),
    publishedAtMs: 0,
    acknowledge: async () => {
      answers.push("acknowledge");
    },
    retryAfter: (delayMs) => {
      answers.push(`retry after ${delayMs}`);
    },
    extend: () => {},
    terminate: () => {
      answers.push("terminate");
    },
    ...more,
    answers,
  };
}
