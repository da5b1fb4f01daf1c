import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { ROOT, textOf } from "./repository.ts";

/** Who may do what on a server, and how that stays between those whom it concerns. */
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "accounts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const users = {
  opensearch: ["ingest", "query", "keeper"],
  nats: ["ingest", "query", "trigger", "operator"],
};

describe("deploy/make-secrets.sh", () => {
  const made = join(folder, "made");
  const gateway = join(folder, "of-the-gateway");
  const hashed = join(folder, "hashed");

  /** A stand-in for htpasswd: what it was called with, and a line that looks like a hash. */
  const STAND_IN = `#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
printf 'x:$2y$10$%s\\n\\n' "$(cksum | tr -dc 0-9)"
`;

  const make = async (...more: string[]) => {
    const { stdout } = await run(join(ROOT, "deploy/make-secrets.sh"), [made, ...more], {
      env: {
        PATH: `${join(folder, "bin")}:${readEnvironment()["PATH"]}`,
        CALLS: hashed,
        SERVICE_UID: String(process.getuid?.() ?? 0),
      },
    });
    return stdout;
  };
  const read = (name: string) => readFileSync(join(made, name), "utf8");

  beforeAll(async () => {
    for (const name of [join(folder, "bin"), gateway]) mkdirSync(name);
    writeFileSync(join(folder, "bin/htpasswd"), STAND_IN);
    chmodSync(join(folder, "bin/htpasswd"), 0o755);
    for (const name of ["basic-auth-user", "basic-auth-password"]) writeFileSync(join(gateway, name), name);
    await make(gateway);
  }, 60_000);

  test("makes every secret that the functions and programs of a deployment name", () => {
    const named = new Set(
      [...textOf("deploy/deploy.sh").matchAll(/\b(?:opensearch|nats)-[a-z]+-password\b/g)].map(
        ([name]) => name,
      ),
    );

    expect([...named].filter((name) => !existsSync(join(made, "secrets", name)))).toEqual([]);
    expect(
      readdirSync(join(made, "secrets"))
        .filter((name) => !named.has(name))
        .sort(),
    ).toEqual([
      "basic-auth-password",
      "basic-auth-user",
      // Of programs that read it where it lies, and of no function.
      "nats-operator-password",
      "nats-trigger-password",
      "opensearch-ca",
    ]);
  });

  test("leaves what is there, and brings a new hash for a password that was taken away", async () => {
    const before = read("secrets/opensearch-query-password");
    const hashes = read("opensearch/config/opensearch-security/internal_users.yml");
    await make();
    expect(read("secrets/opensearch-query-password")).toBe(before);
    expect(read("opensearch/config/opensearch-security/internal_users.yml")).toBe(hashes);

    rmSync(join(made, "secrets/opensearch-query-password"));
    const said = await make();

    expect(said).toBe(`made the password opensearch-query-password\nready: ${made}\n`);
    expect(read("opensearch/config/opensearch-security/internal_users.yml")).not.toBe(hashes);
  });

  test("shows a password to nobody: not in its output, an argument, a configuration, or a file that others may read", async () => {
    const said = await make();
    const passwords = readdirSync(join(made, "secrets"))
      .filter((name) => /^(opensearch|nats)-.*-password$/.test(name))
      .map((name) => read(`secrets/${name}`));
    const configurations = readdirSync(made, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(yml|conf)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    const open = readdirSync(made, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter((entry) => (statSync(join(entry.parentPath, entry.name)).mode & 0o077) !== 0);

    const seen = [said, readFileSync(hashed, "utf8"), ...configurations].join("\n");
    expect(passwords.every((password) => /^[A-Za-z0-9_-]{43}$/.test(password))).toBe(true);
    expect(new Set(passwords).size).toBe(users.opensearch.length + users.nats.length);
    expect(passwords).toHaveLength(users.opensearch.length + users.nats.length);
    expect(configurations.length).toBeGreaterThan(5);
    expect(passwords.filter((password) => seen.includes(password))).toEqual([]);
    expect(open).toEqual([]);
  });

  test("signs a certificate that the server's own clients accept at the bridge", async () => {
    const files = [
      "-CAfile",
      join(made, "secrets/opensearch-ca"),
      join(made, "opensearch/config/certificates/node.pem"),
    ];

    const { stdout } = await run("openssl", [
      "verify",
      "-verify_ip",
      "10.62.0.1",
      "-purpose",
      "sslserver",
      ...files,
    ]);

    expect(stdout).toContain("OK");
  });

  test("makes every file and folder that a service of faasd binds", () => {
    const services: Record<string, { volumes?: { source: string }[] }> = parse(
      textOf("deploy/faasd/services.yaml"),
    ).services;
    const sources = Object.values(services)
      .flatMap(({ volumes }) => volumes ?? [])
      .map(({ source }) => source);

    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !existsSync(source.replace(/^\.\/polytape/, made)))).toEqual([]);
  });
});

describe("accounts", () => {
  test("of OpenSearch each have one role", () => {
    const { _meta, ...mapping } = parse(textOf("deploy/opensearch/security/roles_mapping.yml"));
    const roles = Object.keys(parse(textOf("deploy/opensearch/security/roles.yml"))).filter(
      (name) => name !== "_meta",
    );

    expect(mapping).toEqual(
      Object.fromEntries(users.opensearch.map((user) => [`polytape_${user}`, { users: [user] }])),
    );
    expect(roles.sort()).toEqual(Object.keys(mapping).sort());
  });

  test("of OpenSearch reach exactly the indices that the templates describe, written out: the plugin reads no anchors", () => {
    const text = textOf("deploy/opensearch/security/roles.yml");
    const { _meta, ...roles } = parse(text);
    const templates = readdirSync(join(ROOT, "opensearch/templates")).map((name) =>
      name.replace(/\.json$/, ""),
    );

    expect(Object.keys(roles)).toHaveLength(users.opensearch.length);
    expect(text).not.toMatch(/^\s*[^#\n]*[:-] [&*][a-z]+$/m);
    for (const { index_permissions } of Object.values<{ index_permissions: { index_patterns: string[] }[] }>(
      roles,
    )) {
      const bare = index_permissions
        .flatMap((each) => each.index_patterns)
        .map((pattern) => pattern.replace(/-?\*$/, ""));
      expect(bare.sort()).toEqual(templates.sort());
    }
  });

  test("of OpenSearch that read cannot write, and none but the keeper deletes", () => {
    const { polytape_ingest, polytape_query } = parse(textOf("deploy/opensearch/security/roles.yml"));
    const actions = (role: {
      cluster_permissions: string[];
      index_permissions: { allowed_actions: string[] }[];
    }) => [...role.cluster_permissions, ...role.index_permissions.flatMap((each) => each.allowed_actions)];

    expect(
      actions(polytape_query).filter(
        (action) =>
          !/^(cluster:monitor|indices:data\/read|indices:admin\/(resolve|aliases\/get))/.test(action),
      ),
    ).toEqual([]);
    expect(
      actions(polytape_ingest).filter(
        (action) =>
          /delete|\*$/.test(action) && !/data\/(read|write\/(bulk|index|update))|refresh/.test(action),
      ),
    ).toEqual([]);
  });

  test("of both servers are those that deploy.sh uses and make-secrets.sh makes", () => {
    const conf = [...textOf("deploy/nats/accounts.conf").matchAll(/user: (\w+), password: \$(\w+)_HASH/g)];

    expect(conf.map(([, user]) => user)).toEqual(users.nats);
    expect(conf.every(([, user, hash]) => user?.toUpperCase() === hash)).toBe(true);
    for (const user of users.opensearch)
      expect(textOf("deploy/make-secrets.sh")).toContain(`opensearch-${user}`);
    for (const user of users.nats) expect(textOf("deploy/make-secrets.sh")).toContain(`nats-${user}`);
  });
});

describe("deploy/faasd/services.yaml", () => {
  /** What faasd reads of a service; anything else it would pass over without a word. */
  const faasdService = z.strictObject({
    image: z.string(),
    user: z.string().regex(/^\d+$/).optional(),
    command: z.array(z.string()).optional(),
    environment: z.array(z.string().regex(/^[A-Z_]+=/)).optional(),
    volumes: z
      .array(
        z.strictObject({
          type: z.literal("bind"),
          source: z.string().startsWith("./polytape/"),
          target: z.string(),
        }),
      )
      .optional(),
    ports: z.array(z.string().startsWith("10.62.0.1:")).optional(),
    depends_on: z.array(z.string()).optional(),
    cap_add: z.array(z.string()).optional(),
  });
  const file = z.strictObject({ services: z.record(z.string().startsWith("polytape-"), faasdService) });

  test("says only what faasd reads, runs nobody as root, opens nothing but the bridge, and names no secret", () => {
    const { services } = file.parse(parse(textOf("deploy/faasd/services.yaml")));

    for (const { user, environment } of Object.values(services)) {
      expect(user).toBe("1000");
      expect((environment ?? []).filter((line) => /PASSWORD|TOKEN|_KEY/.test(line))).toEqual([]);
    }
  });

  test("is put into faasd's file, whose gateway then waits on loopback, and put in again without a second copy", async () => {
    const theirs = join(folder, "docker-compose.yaml");
    const provider = { image: "provider:1", environment: ["read_timeout=60s"], ports: ["8081:8081"] };
    const gateway = {
      image: "gateway:1",
      environment: ["basic_auth=true", "read_timeout=60s", "write_timeout=60s", "upstream_timeout=65s"],
      ports: ["8080:8080"],
    };
    writeFileSync(theirs, stringify({ version: "3.7", services: { provider, gateway } }));
    const add = async (tag: string) => {
      const { stdout } = await run(join(ROOT, "deploy/faasd/add-services.sh"), [theirs], {
        env: { PATH: readEnvironment()["PATH"], IMAGE_PREFIX: "registry.example/me", IMAGE_TAG: tag },
      });
      writeFileSync(theirs, stdout);
      return parse(stdout).services;
    };
    await add("one");

    const services = await add("two");

    expect(Object.keys(services)).toEqual([
      "provider",
      "gateway",
      "polytape-opensearch",
      "polytape-nats",
      "polytape-trigger",
    ]);
    expect(services.provider).toEqual(provider);
    expect(services.gateway).toEqual({
      image: "gateway:1",
      environment: ["basic_auth=true", "read_timeout=2m", "write_timeout=2m", "upstream_timeout=2m"],
      ports: ["127.0.0.1:8080:8080"],
    });
    expect(services["polytape-trigger"].image).toBe("registry.example/me/function-trigger:two");
  });
});
