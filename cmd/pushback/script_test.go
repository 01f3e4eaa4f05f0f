package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the whole program available to scripts as `pushback`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pushback": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(runChecked(ctx, os.Args[1:]))
	}})
}

// TestScripts runs every script of testdata/script. They use the program as people do,
// and check its files, its output and its exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Setup: noteAnswers(t), Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "address": address, "answers": answers, "recorded": recorded, "outside": outside,
		"changed": changed, "keys": keys, "eventually": eventually, "receiver": receiver,
		"settings": settings, "online": online, "rule": rule, "sends": sends, "notstore": notstore,
		"copied": copied,
	}})
}
