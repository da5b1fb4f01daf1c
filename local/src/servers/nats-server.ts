import { connect } from "node:net";
import { join } from "node:path";
import type { Tools } from "../install-tools.ts";
import { HOME_MARK } from "../processes/identity.ts";
import type { Command } from "../processes/launch.ts";
import { makeServerFolder, writeServerFile } from "./server-files.ts";

export interface NatsServer {
  /** Folder of configuration and streams. */
  readonly folder: string;
  readonly port: number;
  /** Who may connect; null: every process of this machine. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** More of its configuration, such as accounts in place of a login. */
  readonly configuration?: string | undefined;
  /** How often streams are forced to the disk: `always` (before each acknowledgement) or a time such as `1s`. */
  readonly sync: string;
  readonly uid: number | null;
  /** The home that this server belongs to. */
  readonly home: string;
}

/** Writes the configuration of one nats-server and says how to run it. Existing streams stay. */
export function prepareNats(server: NatsServer, tools: Tools): Command {
  makeServerFolder(server.folder, server.uid);
  makeServerFolder(join(server.folder, "jetstream"), server.uid);
  const file = join(server.folder, "nats.conf");
  writeServerFile(file, configuration(server), server.uid);
  return {
    program: tools.natsServer,
    args: ["--config", file],
    environment: { PATH: "/usr/bin:/bin", HOME: server.folder, LANG: "C.UTF-8", [HOME_MARK]: server.home },
    folder: server.folder,
    uid: server.uid,
  };
}

function configuration({ folder, port, login, sync, configuration }: NatsServer): string {
  const lines = [
    "server_name: polytape-local",
    "host: 127.0.0.1",
    `port: ${port}`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, "jetstream"))}, sync_interval: ${sync} }`,
  ];
  if (login !== null) {
    lines.push(
      `authorization { user: ${JSON.stringify(login.user)}, password: ${JSON.stringify(login.password)} }`,
    );
  }
  if (configuration !== undefined) lines.push(configuration);
  return `${lines.join("\n")}\n`;
}

/** Whether the server greets, and its streams are open. The greeting comes unasked, before any login. */
export function natsIsReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let greeting = "";
    const socket = connect({ host: "127.0.0.1", port, timeout: 2_000 });
    const answer = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.on("data", (bytes) => {
      greeting += bytes.toString("utf8");
      if (greeting.includes("\r\n")) answer(/^INFO .*"jetstream":true/.test(greeting));
    });
    socket.on("timeout", () => answer(false));
    socket.on("error", () => answer(false));
    socket.on("close", () => answer(false));
  });
}
