import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { signalProcess } from "./processes/stop-process.ts";

/** What the local profile runs. */
export interface Tools {
  /** A Java that is new enough for OpenSearch. */
  readonly java: string;
  /** Folder with `lib` and `modules`, shared by all copies. */
  readonly openSearch: string;
  readonly natsServer: string;
}

export interface InstallRequest {
  readonly repository: string;
  readonly tools: string;
  /** The user that must be able to run them; null: ourselves. */
  readonly uid: number | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets each line of progress. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const toolsSchema = z.object({
  java: z.string().startsWith("/"),
  opensearch: z.string().startsWith("/"),
  nats_server: z.string().startsWith("/"),
});

/**
 * Installs what is missing and says where it is; no time when all is there (`local/install`).
 *
 * Throws `tools_missing` (operating) with the installer's last words.
 */
export async function installTools(request: InstallRequest): Promise<Tools> {
  const script = join(request.repository, "local/install/install.sh");
  const user = request.uid === null ? [] : [String(request.uid)];
  const child = spawn("bash", [script, request.tools, ...user], {
    env: { ...request.environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = () => child.pid !== undefined && signalProcess(-child.pid, "SIGTERM");
  request.signal?.addEventListener("abort", stop, { once: true });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    request.onProgress?.(line);
  });
  const answer: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => answer.push(line));
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  request.signal?.removeEventListener("abort", stop);
  if (code !== 0) {
    throw new PolytapeError(
      "operating",
      "tools_missing",
      said.slice(-4).join("\n") || "The installer failed.",
    );
  }
  const found = toolsSchema.parse(Object.fromEntries(answer.map((line) => line.split(/=(.*)/s).slice(0, 2))));
  return { java: found.java, openSearch: found.opensearch, natsServer: found.nats_server };
}
