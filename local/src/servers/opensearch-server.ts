import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Tools } from "../install-tools.ts";
import { HOME_MARK } from "../processes/identity.ts";
import type { Command } from "../processes/launch.ts";
import { makeServerFolder, writeServerFile } from "./server-files.ts";

export interface OpenSearchServer {
  /** Folder of configuration, data, snapshots and temporary files. */
  readonly folder: string;
  readonly httpPort: number;
  /** One port, or a range (`9300-9399`) of which the first free one is taken: nobody else asks for it. */
  readonly transportPort: string;
  /** As Java takes it: `512m`, `2g`. */
  readonly heap: string;
  /** More options for Java; they come last, so they win. */
  readonly javaOptions: readonly string[];
  readonly uid: number | null;
  /** The home that this server belongs to. */
  readonly home: string;
}

/** Writes the configuration of one OpenSearch and says how to run it. Existing data stay. */
export function prepareOpenSearch(server: OpenSearchServer, tools: Tools): Command {
  makeServerFolder(server.folder, server.uid);
  for (const name of ["config", "data", "logs", "tmp", "snapshots"]) {
    makeServerFolder(join(server.folder, name), server.uid);
  }
  writeServerFile(join(server.folder, "config/opensearch.yml"), configuration(server), server.uid);
  writeServerFile(join(server.folder, "config/log4j2.properties"), LOGGING, server.uid);
  const temporary = join(server.folder, "tmp");
  return {
    program: tools.java,
    args: [...javaOptions(server, tools, temporary), "org.opensearch.bootstrap.OpenSearch"],
    environment: { PATH: "/usr/bin:/bin", HOME: temporary, LANG: "C.UTF-8", [HOME_MARK]: server.home },
    folder: server.folder,
    uid: server.uid,
  };
}

/**
 * The disk guards are absolute, because the shares that OpenSearch assumes (85 % used) would refuse to place
 * anything on the well-filled disk of a workstation.
 */
function configuration({ folder, httpPort, transportPort }: OpenSearchServer): string {
  const settings = {
    "cluster.name": "polytape",
    "node.name": "local",
    "network.host": "127.0.0.1",
    "http.port": httpPort,
    "transport.port": transportPort,
    "discovery.type": "single-node",
    "path.data": join(folder, "data"),
    "path.logs": join(folder, "logs"),
    "path.repo": [join(folder, "snapshots")],
    "cluster.routing.allocation.disk.watermark.low": "2gb",
    "cluster.routing.allocation.disk.watermark.high": "1gb",
    "cluster.routing.allocation.disk.watermark.flood_stage": "512mb",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join("");
}

/** Everything to the console: whoever runs the server keeps and bounds its log. */
const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
logger.deprecation.name = org.opensearch.deprecation
logger.deprecation.level = error
`;

function javaOptions(
  { folder, heap, javaOptions: more }: OpenSearchServer,
  tools: Tools,
  temporary: string,
): string[] {
  return [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    "-XX:+UseG1GC",
    // A server without memory is worth nothing: it ends, and is started anew.
    "-XX:+ExitOnOutOfMemoryError",
    `-XX:ErrorFile=${join(folder, "logs/java-error.log")}`,
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    `-Djava.io.tmpdir=${temporary}`,
    `-Djna.tmpdir=${temporary}`,
    "-Djna.nosys=true",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "--add-opens=java.base/java.nio.channels=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    // Lucene's vector code is used where this Java brings it.
    ...(hasVectorModule(tools.java) ? ["--add-modules=jdk.incubator.vector"] : []),
    ...more,
    `-Dopensearch.path.home=${tools.openSearch}`,
    `-Dopensearch.path.conf=${join(folder, "config")}`,
    "-Dopensearch.distribution.type=tar",
    "-Dopensearch.bundled_jdk=false",
    "-cp",
    `${tools.openSearch}/lib/*`,
  ];
}

function hasVectorModule(java: string): boolean {
  try {
    const release = join(dirname(dirname(realpathSync(java))), "release");
    return readFileSync(release, "utf8").includes("jdk.incubator.vector");
  } catch {
    return false; // A Java without a description: it is slower without the module, and runs.
  }
}

/** Whether indices can be written and read. */
export async function openSearchIsReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      signal: AbortSignal.timeout(3_000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // Not listening yet; the caller has the deadline.
  }
}
