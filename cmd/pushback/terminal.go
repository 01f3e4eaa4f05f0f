package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// terminal is where a command writes its result. It uses colour only on a character
// device, and only where NO_COLOR is not set (https://no-color.org).
type terminal struct {
	io.Writer
	colour   bool
	warnings io.Writer // standard error: what must not be among the result
}

func newTerminal(w, warnings io.Writer) terminal {
	return terminal{Writer: w, colour: os.Getenv("NO_COLOR") == "" && isTerminal(w), warnings: warnings}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours, named by their meaning.
const (
	styleGood   = "\x1b[32m"
	styleBad    = "\x1b[31m"
	styleDoubt  = "\x1b[33m"
	styleStrong = "\x1b[1m"
	styleOff    = "\x1b[0m"
)

// paint puts a style around text where colours are used.
func (t terminal) paint(style, text string) string {
	if !t.colour {
		return text
	}
	return style + text + styleOff
}

// counted is a number with its noun: 1 rule, 2 rules.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printJSON writes one value, indented, for programs and for jq.
func (t terminal) printJSON(v any) error {
	e := json.NewEncoder(t)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
