import type { EventBus, HeldDeadLetter } from "@polytape/event-bus";
import { hasCode, PolytapeError, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { json, LIMIT_DEFAULT, limit } from "../options.ts";
import { usage } from "../parse-command.ts";
import { tableLines } from "../table.ts";

const ofFunction = z.string().min(1, "must name a function").optional();
const all = z.literal(true).optional();

const list = defineCommand({
  name: "dead-letters list",
  operands: [],
  summary: "messages that no function could take, oldest first",
  options: z.strictObject({
    function: ofFunction.meta({ description: "only those of this function" }),
    limit,
    json,
  }),
  async run({ options }, tools) {
    const bus = await tools.bus();
    const letters = await bus.listDeadLetters({
      limit: options.limit ?? LIMIT_DEFAULT,
      ...(options.function === undefined ? {} : { functionName: options.function }),
    });
    if (options.json) for (const letter of letters) tools.print(JSON.stringify(letter));
    else if (letters.length === 0) tools.print("There are no dead letters.");
    else {
      const rows = letters.map((letter) => [
        letter.id,
        letter.subject,
        letter.status,
        letter.deliveries,
        toRfc3339(letter.diedAtMs),
        letter.reason,
      ]);
      for (const line of tableLines(["id", "subject", "status", "deliveries", "died", "reason"], rows))
        tools.print(line);
    }
  },
});

const show = defineCommand({
  name: "dead-letters show",
  operands: ["id"],
  summary: "one dead letter whole, with its message as it came",
  options: z.strictObject({ json: json.meta({ description: "as JSON in one line" }) }),
  async run({ operands: [id = ""], options }, tools) {
    const { sequence: _, ...letter } = await findLetter(await tools.bus(), id);
    if (options.json) return tools.print(JSON.stringify(letter));
    const { data, diedAtMs, ...rest } = letter;
    const fields = Object.entries({ ...rest, died: toRfc3339(diedAtMs) });
    tableLines(["", ""], fields).slice(1).forEach(tools.print);
    tools.print("");
    tools.print(data);
  },
});

const replay = defineCommand({
  name: "dead-letters replay",
  operands: ["id?"],
  summary: "sends the message of a dead letter, of a function's or of all, once more",
  options: z.strictObject({
    function: ofFunction.meta({ description: "all of this function" }),
    all: all.meta({ description: "all there are" }),
  }),
  async run({ operands, options }, tools) {
    const counts = await eachChosen(tools, { id: operands[0], ...options }, async (bus, letter) => {
      await bus.replayDeadLetter(letter);
      tools.print(`${letter.id}: sent again on ${letter.subject}.`);
    });
    finish("sent again", counts, tools);
  },
});

const drop = defineCommand({
  name: "dead-letters drop",
  operands: ["id?"],
  summary: "deletes a dead letter, a function's or all, with what they carry",
  options: z.strictObject({
    function: ofFunction.meta({ description: "all of this function" }),
    all: all.meta({ description: "all there are" }),
    yes: z.literal(true).optional().meta({ description: "without it only says what would go" }),
  }),
  async run({ operands, options: { yes, ...options } }, tools) {
    const counts = await eachChosen(tools, { id: operands[0], ...options }, async (bus, letter) => {
      if (yes) await bus.removeDeadLetter(letter);
      tools.print(`${letter.id}: ${yes ? "dropped" : "would be dropped"}.`);
    });
    if (yes || counts.done === 0) return finish("dropped", counts, tools);
    throw usage(`dead-letters drop: ${lettersText(counts.done)} would be gone for good; say --yes.`);
  },
});

export const deadLetterCommands: readonly Command[] = [list, show, replay, drop];

interface Choice {
  readonly id: string | undefined;
  readonly function?: string | undefined;
  readonly all?: true | undefined;
}

interface Counts {
  done: number;
  /** Why each of the others could not be; the letters stay. */
  readonly refused: PolytapeError[];
}

/** Who is refused holds up no other; a server that is away ends it. Letters that die meanwhile are not taken. */
async function eachChosen(
  tools: Tools,
  { id, function: functionName, all }: Choice,
  work: (bus: EventBus, letter: HeldDeadLetter) => Promise<void>,
): Promise<Counts> {
  if ([id, functionName, all].filter((given) => given !== undefined).length !== 1)
    throw usage("say which: one id, --function NAME or --all.");
  const bus = await tools.bus();
  const counts: Counts = { done: 0, refused: [] };
  const query = functionName === undefined ? {} : { functionName };
  const letters = id === undefined ? bus.readDeadLetters(query) : [await findLetter(bus, id)];
  for await (const letter of letters) {
    try {
      await work(bus, letter);
      counts.done += 1;
    } catch (error) {
      if (!hasCode(error, "bus_refused")) throw error;
      counts.refused.push(error);
      tools.tell(`${letter.id}: ${error.message} It stays.`);
    }
  }
  return counts;
}

function finish(what: string, { done, refused }: Counts, tools: Tools): void {
  const [first] = refused;
  if (first)
    throw new PolytapeError(
      "operating",
      "letters_left",
      `${lettersText(done)} ${what}, ${refused.length} not: ${first.message}`,
      { cause: first },
    );
  tools.tell(done === 0 ? "There are no dead letters." : `${lettersText(done)} ${what}.`);
}

function lettersText(count: number): string {
  return count === 1 ? "1 dead letter" : `${count} dead letters`;
}

/** An id begins with its function's name, which no other function's letters have to be read for. */
async function findLetter(bus: EventBus, id: string): Promise<HeldDeadLetter> {
  const [functionName = ""] = id.split(":");
  if (/^[a-z0-9-]+$/.test(functionName))
    for await (const letter of bus.readDeadLetters({ functionName })) if (letter.id === id) return letter;
  throw usage(`there is no dead letter ${id}: dead-letters list names them.`);
}
