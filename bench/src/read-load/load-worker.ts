import { askByHttp } from "./ask-by-http.ts";
import { askInProcess } from "./ask-in-process.ts";
import { keepAsking } from "./keep-asking.ts";
import { loadOrder, type WorkerMessage } from "./load-protocol.ts";

/**
 * The process that asks: `node load-worker.cjs http` or `… app`. Takes orders over its channel, one at a time, and
 * ends with its parent. Apart from everything else, so that what is measured never waits for who measures.
 */
const ask = process.argv[2] === "app" ? askInProcess() : askByHttp();
const tell = (message: WorkerMessage) => void process.send?.(message);

process.on("message", (message) => {
  keepAsking(ask, loadOrder.parse(message)).then(
    (report) => tell({ kind: "report", report }),
    (error: unknown) => tell({ kind: "trouble", reason: String(error) }),
  );
});
process.once("disconnect", () => process.exit(0));
tell({ kind: "ready" });
