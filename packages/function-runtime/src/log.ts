import { withoutCredentials } from "@polytape/market-model";

/** One line of what happened: readable by people, and by machines as logfmt (`key=value`). */
export type Facts = Readonly<Record<string, unknown>>;

export interface Log {
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

/**
 * `2026-11-22T18:00:00.000Z info ingest-trades run stored=12 took_ms=34`. Addresses lose user and password, whoever
 * repeats them.
 */
export function createLog(
  name: string,
  write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  now: () => number = Date.now,
): Log {
  const line =
    (level: string) =>
    (event: string, facts: Facts = {}) =>
      write(
        withoutCredentials(`${new Date(now()).toISOString()} ${level} ${name} ${event}${formatFacts(facts)}`),
      );
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function formatFacts(facts: Facts): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join("");
}

function formatValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

/** The facts of an error with all its causes, for an operator's eyes; the reason is one line. */
export function errorFacts(error: unknown): Facts {
  const chain: string[] = [];
  for (let next = error, depth = 0; next instanceof Error && depth < 5; next = next.cause, depth += 1) {
    chain.push(next.message.replace(/\s*\n\s*/g, " "));
  }
  const facts = error instanceof Error && "facts" in error ? (error.facts as Facts) : {};
  const code = error instanceof Error && "code" in error ? error.code : "unexpected";
  return { code, reason: chain.join(" <- ") || String(error), ...facts };
}
