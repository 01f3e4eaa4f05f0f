package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/rules"
)

// askedContext counts how often it is asked whether to go on.
type askedContext struct {
	context.Context
	times *int
}

func (a askedContext) Err() error {
	*a.times++
	return a.Context.Err()
}

// Whoever interrupts a command while it reads rules does not wait for the rest of them.
func TestReadingRulesCanBeInterrupted(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"red.yml":      "team: shop\nrules:\n  - name: red\n    watch: {service: cart}\n    bake: 30m\n    signals: [{name: load, query: up}]\n",
		"red_test.yml": "tests:\n  - name: nothing\n    interval: 1m\n    input_series: [{series: up, values: 1x60}]\n    change: {service: cart, at: 30m}\n    expect: [{rule: red, grade: none}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	f := func(what string, parent context.Context, read func(context.Context) error) {
		t.Helper()
		times := 0
		if err := read(askedContext{parent, &times}); !errors.Is(err, parent.Err()) {
			t.Errorf("%s: %v, want %v", what, err, parent.Err())
		}
		if parent.Err() == nil && times < 3 { // between files, rules and signals, and at the end
			t.Errorf("%s: asked %d times whether to go on", what, times)
		}
	}
	for _, parent := range []context.Context{t.Context(), stopped} {
		f("a backtest", parent, func(ctx context.Context) error {
			_, err := backtestCommand{Rules: dir}.ruleSet(ctx, config.Config{})
			return err
		})
		f("a test", parent, func(ctx context.Context) error {
			_, _, mistakes, err := loadSuite(ctx, terminal{Writer: t.Output()}, filepath.Join(dir, "red_test.yml"), map[string]*rules.Set{}, false)
			if len(mistakes) > 0 {
				t.Error(mistakes)
			}
			return err
		})
	}
}
