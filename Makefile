# Everything a contributor or CI runs. `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help build demo test integration integration-unleash integration-kubernetes reliability lint format fuzz bench load scale viewers accuracy generate picture check-deploy release check-release check-chart check-notifications sbom vulnerabilities

GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT               := mvdan.cc/gofumpt@v0.12.0
CYCLONEDX_GOMOD       := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
COMPARE               := yes
NFPM                  := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
UNLEASH_VERSION       := 7.5.1
GOVULNCHECK_VERSION   := v1.9.0
GOVULNCHECK           := bin/govulncheck-$(GOVULNCHECK_VERSION)
GOLANGCI_LINT         := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

# SQLite and the C library below it, as translated to Go. Half the time of the tests that store something
# went into checks of their accesses to the memory of C, in which there is nothing of ours.
UNINSTRUMENTED := $(foreach package,modernc.org/sqlite/lib modernc.org/libc modernc.org/memory,-gcflags='$(package)=-race=false -d=checkptr=0')

# The packages without goroutines, whose tests the race detector only makes ten times slower. What
# uses them from several goroutines is tested with it. The test TestSequentialPackagesHaveNoGoroutines checks it.
SEQUENTIAL := /pushback/pushback/(detector(/|$$)|internal/(replay|ruletest)$$)

# Building, linting and integration tests compile with the same settings, so that
# they share the build cache. The race detector needs other settings and a C
# compiler; without a C compiler, tests run without the race detector.
RACE := $(if $(shell command -v gcc || command -v clang),CGO_ENABLED=1 GOFLAGS='$(GOFLAGS)' go test -race $(UNINSTRUMENTED),go test)
export CGO_ENABLED := 0
export GOFLAGS     := $(GOFLAGS) -trimpath

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
DEMO_FLAGS  ?=
LOAD_FLAGS  ?=
SCALE_FLAGS ?=
FUZZ_TIME   ?= 10s
BENCH_COUNT ?= 1
PACKAGES    ?= ./...
TARGETS     ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
KILLS       ?= 200
FREEZES     ?= 50
SEED        ?= 1

# Where the pages are written; if empty they are not written, as in CI.
RELIABILITY_OUT ?= docs/reliability.md
SCALE_OUT       ?= docs/scale.md
VIEWERS_OUT     ?= docs/viewers.md

# How many integration tests of a package run beside each other. They mostly wait: for scrapes, and for
# watches that last a minute.
BESIDE ?= 6

# The suites mount a small disk and inject faults into system calls, which needs
# root. Without root, run in a user namespace.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,unshare --map-root-user --mount)

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/pushback, static, for this machine
	go build -ldflags '-s -w -X main.released=$(VERSION)' -o bin/pushback ./cmd/pushback

demo: build ## Ship three releases of a small shop and roll the bad ones back (DEMO_FLAGS=--once ends by itself)
	bin/pushback demo $(DEMO_FLAGS)

test: ## Run every test that needs nothing but Go, with the race detector where there is a C compiler
	@all=$$(go list $(PACKAGES)) && \
	sequential=$$(echo "$$all" | grep -E '$(SEQUENTIAL)' || true) && \
	others=$$(echo "$$all" | grep -vE '$(SEQUENTIAL)' || true) && \
	{ [ -z "$$sequential" ] || go test -shuffle=on -timeout 30m $$sequential; } && \
	{ [ -z "$$others" ] || $(RACE) -shuffle=on -timeout 30m $$others; }

# Only the tests that need servers: all others of the same packages are run by `make test`.
integration: build ## Test against a real Prometheus, VictoriaMetrics, Alertmanager, PostgreSQL and R (installs Debian packages that are missing)
	./.ci/servers
	@files=$$(grep -rl 'go:build integration$$' --include='*_test.go' .) && \
	tests=$$(grep -hoE '^func Test[A-Za-z0-9_]+' $$files | sed 's/func //' | sort -u | paste -sd '|') && \
	echo "go test -tags integration" && \
	go test -tags integration -count=1 -timeout 30m -parallel $(BESIDE) -run "^($$tests)$$" $$(dirname $$files | sort -u)

integration-unleash: ## Test flags against a real Unleash (needs node 20 and npm; installs it in bin/unleash, once)
	./.ci/servers
	test -d bin/unleash/node_modules/unleash-server || npm install --prefix bin/unleash --no-audit --no-fund --ignore-scripts unleash-server@$(UNLEASH_VERSION)
	UNLEASH_SERVER=$(CURDIR)/bin/unleash go test -tags integration,unleash -run Unleash -count=1 -timeout 10m ./rollback/unleash ./cmd/pushback

integration-kubernetes: ## Test against a real kube-apiserver and controller manager; the first time builds them, in 6 minutes
	@command -v etcd >/dev/null || { echo "this needs etcd: apt-get install etcd-server"; exit 1; }
	@program=$$(./.ci/kubeservers --build) && \
	KUBESERVERS=$$program go test -tags integration,kubernetes -count=1 -timeout 15m -run Kubernetes $$(grep -rl 'go:build.* kubernetes' --include='*_test.go' . | xargs -n 1 dirname | sort -u)

reliability: ## Kill the built program, break its disk, feed it wrong metrics, and count violations (KILLS=2000 FREEZES=500 SEED=7); writes docs/reliability.md
	./.ci/servers
	go build -o bin/reliability ./tools/reliability
	$(AS_ROOT) bin/reliability -kills $(KILLS) -freezes $(FREEZES) -seed $(SEED) $(if $(RELIABILITY_OUT),-out $(RELIABILITY_OUT))

lint: $(GOLANGCI_LINT) ## Check formatting, and run vet and the other linters of .golangci.yml
	@unformatted=$$(go run $(GOFUMPT) -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	$(GOLANGCI_LINT) run

format: ## Format all Go code
	go run $(GOFUMPT) -l -w .

# Installed as a binary, so that its many dependencies stay out of go.mod.
$(GOLANGCI_LINT):
	GOFLAGS= GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

fuzz: ## Fuzz every parser for FUZZ_TIME each
	@go list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r package dir; do \
		grep -hos '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/func //' | while read -r target; do \
			echo "$$package $$target"; \
			go test "$$package" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) || exit 1; \
		done || exit 1; \
	done

bench: ## Run the benchmarks, allocations included (BENCH_COUNT=10 for benchstat)
	go test -run '^$$' -bench . -benchmem -count $(BENCH_COUNT) $(PACKAGES)

load: build ## Send the built program 5,000 signed events a second and time its watches; writes docs/load.md (LOAD_FLAGS="-rates 1000,5000 -database postgres://…")
	go build -o bin/load ./tools/load
	bin/load -out docs/load.md $(LOAD_FLAGS)

scale: build ## Watch 1,000 to 30,000 changes with the built program beside a scripted metric store, and count what that costs; writes docs/scale.md (SCALE_FLAGS="-sizes 1000" SCALE_OUT=)
	go build -o bin/scale ./tools/scale
	bin/scale $(if $(SCALE_OUT),-out $(SCALE_OUT)) $(SCALE_FLAGS)

viewers: build ## Have 500 people look at pages of the built program while deploys are watched, and count what that costs; writes docs/viewers.md (VIEWERS_FLAGS="-viewers 50" VIEWERS_OUT=)
	go build -o bin/scale ./tools/scale
	bin/scale -runs viewers $(if $(VIEWERS_OUT),-out $(VIEWERS_OUT)) $(VIEWERS_FLAGS)

accuracy: build ## Measure the detector and its peers on drawn series and on those in ../shared/data; writes docs/accuracy.md
	bin/pushback accuracy --out docs/accuracy.md

generate: ## Write generated files again; CI fails if that changes anything
	go generate ./...

picture: build ## Take docs/img/change.png again from a real run (needs chromium)
	./docs/img/picture

check-deploy: ## Check docker-compose.yml and everything it names
	go test -count=1 -run "TestCompose|TestExample|TestDockerfile" ./cmd/pushback

release: ## Write dist/: the program for Linux and macOS, .deb and .rpm packages, bills of materials, checksums (TARGETS=linux/amd64 VERSION=v1.2.3)
	VERSION='$(VERSION)' TARGETS='$(TARGETS)' NFPM='$(NFPM)' CYCLONEDX_GOMOD='$(CYCLONEDX_GOMOD)' ./deploy/package/release

check-release: ## Build the packages of this machine, install, upgrade and purge them here for real (needs Debian and root)
	COMPARE=$(COMPARE) ./.ci/release

check-chart: build ## Lint and render the Helm chart, and check what comes out against the types of the Kubernetes API
	cd deploy/helm && go vet ./... && go test -count=1 ./...

check-notifications: ## Render the notifications of deploy/argocd and deploy/argorollouts with the tools' own engine
	cd deploy/argocd && go vet ./... && go test -count=1 ./...

sbom: build ## Write bin/pushback.cdx.json, the CycloneDX bill of materials of bin/pushback: the same bytes for the same program
	go run $(CYCLONEDX_GOMOD) bin -json -std -noserial -notimestamp -version $(VERSION) -output bin/pushback.cdx.json bin/pushback

vulnerabilities: ## Fail if Pushback calls something with a known vulnerability; says so where the database cannot be reached
	./.ci/vulnerabilities $(GOVULNCHECK)

$(GOVULNCHECK):
	GOFLAGS= GOBIN=$(CURDIR)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv bin/govulncheck $@
