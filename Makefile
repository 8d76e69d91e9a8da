# What can be done here; `make` alone says what. Everything is installed when it is first needed, a recent Node
# included: a bare clone, npm and any Node that npm runs on are enough.

RUN := scripts/with-node
INSTALLED := node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help install bench profile dashboards test check build pack clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## what the lockfile says, if it is not there yet
	@:

# Exactly the lockfile's versions, by the Node that will run them: npm chooses packages by its own Node's version.
$(INSTALLED): package-lock.json
	@$(RUN) npm ci --no-progress
	@touch $@

bench: $(INSTALLED) ## measure, and write a report into reports/latest (more with ARGS='--full --threshold …')
	@$(RUN) node bin/gatebench.js bench $(ARGS)

profile: $(INSTALLED) ## where the gateway's time goes: SCENARIO=relay (more with ARGS='--arm ID'), into reports/profiles
	@$(RUN) node bin/gatebench.js profile $(SCENARIO) $(ARGS)

dashboards: $(INSTALLED) ## Grafana's dashboards, Prometheus' rules and docs/metrics.md, from the catalogue of metrics
	@$(RUN) node dashboards/grafana/build.ts
	@$(RUN) node dashboards/metrics/table.ts

test: $(INSTALLED) ## all tests (some with ARGS='transports')
	@$(RUN) vitest run $(ARGS)

check: $(INSTALLED) ## types, style, and who may import whom
	@$(RUN) tsc -p .
	@$(RUN) tsc -p dashboards/live/page
	@$(RUN) biome check --error-on-warnings
	@$(RUN) vitest run architecture.test.ts --reporter=dot

build: $(INSTALLED) ## JavaScript into dist
	@$(RUN) npm run --silent build

pack: $(INSTALLED) ## the package that is published, as a .tgz
	@$(RUN) npm pack

clean: ## away with all that was made here
	@rm -rf node_modules tools/*/node_modules dist coverage reports/latest reports/profiles gatebench-*.tgz
