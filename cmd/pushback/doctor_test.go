package main

import (
	"io"
	"slices"
	"testing"
)

// TestVariables compares the variables that doctor knows with those that the flags read.
func TestVariables(t *testing.T) {
	parser, err := newParser(t.Context(), newTerminal(io.Discard, io.Discard), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, command := range parser.Model.Leaves(false) {
		for _, flag := range command.Flags {
			read = append(read, flag.Envs...)
		}
	}
	slices.Sort(read)
	if read = slices.Compact(read); !slices.Equal(read, variables) {
		t.Errorf("the flags read %v, doctor knows %v", read, variables)
	}
}
