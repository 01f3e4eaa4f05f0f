# Everything a contributor or CI runs. `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help build demo test integration lint format fuzz bench generate check-deploy

GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT               := mvdan.cc/gofumpt@v0.12.0
GOLANGCI_LINT         := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
DEMO_FLAGS ?=
FUZZ_TIME  ?= 10s
PACKAGES   ?= ./...

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/pushback, static, for this machine
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.released=$(VERSION)' -o bin/pushback ./cmd/pushback

demo: build ## Ship three releases of a small shop and see the bad ones go back (DEMO_FLAGS=--once ends by itself)
	bin/pushback demo $(DEMO_FLAGS)

test: ## Run every test that needs nothing but Go, with the race detector
	go test -race -shuffle=on $(PACKAGES)

integration: build ## Test against a real Prometheus, VictoriaMetrics, Alertmanager and PostgreSQL (installs Debian packages that are missing)
	./.ci/servers
	go test -tags integration -count=1 -timeout 20m $(PACKAGES)

lint: $(GOLANGCI_LINT) ## Check formatting, vet, and the linters of .golangci.yml
	@unformatted=$$(go run $(GOFUMPT) -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags integration ./...
	$(GOLANGCI_LINT) run

format: ## Format all Go code
	go run $(GOFUMPT) -l -w .

# Installed and not run: its many dependencies belong in no go.mod of ours.
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

bench: ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

generate: ## Make generated files anew; CI fails when that changes anything
	go generate ./...

check-deploy: ## Check docker-compose.yml and everything it names
	go test -count=1 -run "TestCompose|TestExample" ./cmd/pushback
