import { z } from "zod";
import type { BenchGround } from "../bench-ground.ts";
import { effortOf } from "../effort.ts";
import { mergedSize } from "../merged-size.ts";
import { sendBodies } from "../raw-bulk.ts";
import { type Alternative, indexWith } from "./alternatives.ts";
import type { ChoiceSubject } from "./choice-subjects.ts";

/** An index made as an alternative says, holding the documents of its subject, merged to one segment. */
export interface FilledChoice {
  readonly alternative: Alternative;
  readonly index: string;
  /** A document. */
  readonly bytes: number;
  /** Processor time of OpenSearch to write and merge a document. */
  readonly cpuMicros: number;
}

const refusal = z.object({ error: z.object({ reason: z.string() }) });

/** One index after the other, with at most so many bodies each; without what this server does not know. */
export async function fillChoices(
  ground: BenchGround,
  subject: ChoiceSubject,
  { alternatives, bodiesMax }: { alternatives: readonly Alternative[]; bodiesMax: number },
): Promise<FilledChoice[]> {
  const filled: FilledChoice[] = [];
  for (const alternative of alternatives) {
    const index = await createIndex(ground, subject, alternative);
    if (index === null) continue;
    const { effort, result } = await effortOf(ground, async () => {
      await sendBodies(ground, first(subject.bodies(index), bodiesMax));
      return mergedSize(ground, index);
    });
    const { bytes, documents } = result;
    const cpuMicros = (effort.serverCpuMs * 1_000) / documents;
    filled.push({ alternative, index, bytes: bytes / documents, cpuMicros });
  }
  return filled;
}

/** Anew, should it be there. Null where the server does not know what is optional. */
async function createIndex(
  ground: BenchGround,
  { name, template }: ChoiceSubject,
  alternative: Alternative,
): Promise<string | null> {
  const index = `choice-${name}-${alternative.name.replaceAll(/\W+/g, "-")}`;
  await dropChoice(ground, { index });
  const { status, body } = await ground.server.request({
    method: "PUT",
    path: `/${index}`,
    body: indexWith(template, alternative),
    accept: alternative.isOptional ? [400] : [],
  });
  if (status !== 400) return index;
  ground.tell(`  ${name}, ${alternative.name}: not on this server: ${refusal.parse(body).error.reason}`);
  return null;
}

function* first<Each>(all: Iterable<Each>, max: number): Generator<Each> {
  let taken = 0;
  for (const each of all) {
    if (taken >= max) return;
    taken += 1;
    yield each;
  }
}

export async function dropChoice(
  { server }: BenchGround,
  { index }: Pick<FilledChoice, "index">,
): Promise<void> {
  await server.request({ method: "DELETE", path: `/${index}`, accept: [404] });
}
