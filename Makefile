# The only command surface: `make` alone explains it. Recipes run under /bin/sh.
# What a recipe is given reaches it through the environment, never as text of a command: a label may hold anything.
# Settings come from .env (see .env.example) and from the environment, which wins:
#   make up API_BIND_PORT=8081 POLYTAPE_HOME=/srv/tape

.DEFAULT_GOAL := help
.PHONY: help demo up down status logs test check test-integration e2e soak bench rebuild-candles key polytape build deploy clean backfill

LOCAL := node local/dist/local.cjs

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{ printf "  make %-18s %s\n", $$1, $$2 }'

demo: build ## starts everything against the simulator and shows real answers; RECORDINGS=DIR replays recordings
	@node local/dist/demo.cjs $(if $(RECORDINGS),--recordings "$(RECORDINGS)")

up: build ## starts the stack in the background, against the real Polymarket; returns when it answers
	@$(LOCAL) up

down: local/dist/local.cjs ## stops everything that `make up` or `make demo` started; data stay
	@$(LOCAL) down

status: local/dist/local.cjs ## what runs, with process ids, memory and restarts
	@$(LOCAL) status

logs: local/dist/local.cjs ## follows the logs; NAME=gateway for one of them
	@$(LOCAL) logs $(NAME)

key: local/dist/local.cjs ## makes an API key, alone on the last line; PLAN=weekly or monthly [LABEL= RATE= CAP=]
	@case "$$PLAN" in weekly|monthly) ;; *) echo "make key needs PLAN=weekly or PLAN=monthly" >&2; exit 2;; esac
	@$(LOCAL) run cli/dist/polytape.cjs keys create --plan "$$PLAN" $${LABEL:+--label "$$LABEL"} $${RATE:+--rate "$$RATE"} $${CAP:+--cap "$$CAP"}

polytape: local/dist/local.cjs ## the command, asked of this copy: make polytape ARGS="keys list"
	@$(LOCAL) run cli/dist/polytape.cjs $(ARGS)

rebuild-candles: local/dist/local.cjs ## makes the candles of FROM= TO= (days or RFC 3339) [MARKET=] anew from stored trades
	@test -n "$$FROM" && test -n "$$TO" || { echo "make rebuild-candles needs FROM= and TO= (RFC 3339, or a day)" >&2; exit 2; }
	@$(LOCAL) run cli/dist/polytape.cjs rebuild-candles --from "$$FROM" --to "$$TO" $${MARKET:+--market "$$MARKET"}

backfill: local/dist/local.cjs ## fills in past trades; FROM= TO= (days or RFC 3339) [MARKET=]
	@$(LOCAL) run cli/dist/polytape.cjs backfill start $${FROM:+--from "$$FROM"} $${TO:+--to "$$TO"} $${MARKET:+--market "$$MARKET"}

test: node_modules/.package-lock.json ## everything: types, lint, unit, recorded, integration, end-to-end on real servers
	@local/install/build-bundles.sh || { echo "0 passed, 1 failed"; exit 1; }
	@node local/dist/run-tests.cjs

check: build ## types, lint, unit tests and house rules: seconds
	@node local/dist/run-tests.cjs check unit house-rules

test-integration: build ## tests on real OpenSearch and NATS
	@node local/dist/run-tests.cjs integration

e2e: build ## schedule to answer, on real servers with the simulator
	@node local/dist/run-tests.cjs end-to-end

soak: build ## long runs: LONG_RUN_SEEDS=100 in one process, then end to end SOAK_SECONDS=300 of kills and faults, MEMORY_SECONDS=3600 of reads
	@LONG_RUN_SEEDS=$${LONG_RUN_SEEDS:-100} npx vitest run --project integration tests/integration/long-run.test.ts
	@SOAK_SECONDS=$${SOAK_SECONDS:-300} MEMORY_SECONDS=$${MEMORY_SECONDS:-3600} node local/dist/run-tests.cjs end-to-end

bench: build ## measures against ceilings of the same run; also as JSON in bench/out/latest.json; ONLY=tick-cost,read-load,… for parts, BENCH_STORED_MAX=5000000 for large stores
	@node bench/dist/bench.cjs

build: node_modules/.package-lock.json ## bundles of functions, services and programs
	@local/install/build-bundles.sh

deploy: build ## templates, schedules, secrets and functions on an OpenFaaS gateway, in order; GATEWAY=URL, DRY_RUN=1 only says what it would do (deploy/README.md)
	@test -n "$(GATEWAY)" || test "$(IMAGES)" = only || { echo "make deploy needs GATEWAY=http://host:8080" >&2; exit 2; }
	@GATEWAY="$(GATEWAY)" deploy/deploy.sh

clean: ## removes bundles, data and what was installed; refuses while something runs
	@local/install/clean.sh

# Stopping and looking must not fail because something cannot be built.
local/dist/local.cjs:
	@$(MAKE) --no-print-directory build

# Installed once, and again when the lock file is newer than what is installed. Not `npm ci`: it refuses a lock
# file without the optional packages of other systems, and not every registry offers those.
node_modules/.package-lock.json: package-lock.json
	@local/install/node.sh
	@echo "installing packages"
	@npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@
