import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT, textOf } from "./repository.ts";

/** The servers on the host, in place of containers. */
const folder = mkdtempSync(join(tmpdir(), "units-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const units = readdirSync(join(ROOT, "deploy/systemd"));
const services = units.filter((name) => !name.endsWith(".timer"));
/** What runs for as long as the machine does. */
const SERVERS = ["polytape-nats.service", "polytape-opensearch.service", "polytape-trigger.service"];

test.each(SERVERS)(
  "%s comes back after a crash, as nobody special, with as many files as it needs",
  (name) => {
    const unit = textOf(`deploy/systemd/${name}`).split("\n");

    expect(unit).toContain("Restart=always");
    expect(unit).toContain("User=polytape");
    expect(unit.some((line) => /^LimitNOFILE=\d+$/.test(line))).toBe(true);
  },
);

test.each(services)("%s may do little but its work, and is given no secret in its environment", (name) => {
  const unit = textOf(`deploy/systemd/${name}`).split("\n");

  for (const line of ["NoNewPrivileges=true", "ProtectSystem=strict", "ProtectHome=true"])
    expect(unit).toContain(line);
  expect(unit.filter((line) => /^Environment=.*(PASSWORD|TOKEN)/.test(line))).toEqual([]);
});

// Without a number to keep, the folder holds for ever what retention has freed.
test("a backup is made every night, also after one that was missed, and older ones go", () => {
  const timer = textOf("deploy/systemd/polytape-backup.timer").split("\n");
  const [command, ...others] =
    textOf("deploy/systemd/polytape-backup.service").match(/^ExecStart=.*$/gm) ?? [];

  expect(others).toEqual([]);
  expect(command).toMatch(
    /^ExecStart=\/opt\/polytape\/deploy\/polytape\.sh backup --to \S+ --keep [2-9] \$BACKUP_OPTIONS$/,
  );
  expect(timer).toEqual(expect.arrayContaining(["Persistent=true", "WantedBy=timers.target"]));
  expect(timer.filter((line) => line.startsWith("OnCalendar=*-*-* "))).toHaveLength(1);
});

/** What systemd has to say of units, but for programs that are not on this machine. Null: it is not here. */
function faultsOf(names: readonly string[]): string[] | null {
  const paths = names.map((name) => join(folder, name));
  const { error, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
    encoding: "utf8",
  });
  if (error) return null;
  return stderr.split("\n").filter((line) => line !== "" && !/: Command \S+ is not executable: /.test(line));
}

const systemd = faultsOf([]) === null ? " (not looked at: systemd-analyze is not there)" : "";

describe.skipIf(systemd !== "")(`as systemd itself reads them${systemd}`, () => {
  for (const name of units) copyFileSync(join(ROOT, "deploy/systemd", name), join(folder, name));

  test("units have no fault", () => {
    expect(faultsOf(units)).toEqual([]);
  });

  test("a misspelt key is a fault, so what passes has none", () => {
    writeFileSync(
      join(folder, "misspelt.service"),
      textOf("deploy/systemd/polytape-nats.service").replace("RestartSec=", "RestartSecond="),
    );

    expect(faultsOf(["misspelt.service"])).toEqual([expect.stringContaining("RestartSecond")]);
  });
});
