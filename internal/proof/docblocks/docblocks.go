// Package docblocks reads the fenced blocks of a Markdown page, so that a test can run them
// (TestDocsAreRun in cmd/pushback).
//
// An HTML comment before a block, which readers of the rendered page do not see, tells the test
// what to do with it: <!-- not run: why -->, <!-- exit: 3 -->, <!-- file: changes.jsonl -->.
//
// See adr/0114.
package docblocks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Block is a fenced block of a page.
type Block struct {
	Line     int               // of the opening fence, counted from 1
	Language string            // the first word after the fence: sh, yaml, json; "" without one
	Text     string            // with the newline of its last line
	Markers  map[string]string // of the comments right before it
}

// The words that a marker may have.
const (
	NotRun   = "not run"   // why the block is not run
	Exit     = "exit"      // the exit code of its last command, if not 0
	File     = "file"      // the file that the reader writes the block to
	OutputOf = "output of" // the command that wrote the block
	AnswerOf = "answer of" // the GET that the block is the answer to
	In       = "in"        // the folder, below that of the page, where its commands are typed
	Like     = "like"      // the name of a real document that has every key of the block
)

var (
	marker = regexp.MustCompile(`^<!-- ([a-z ]+): (.*) -->$`)
	span   = regexp.MustCompile("`([^`\n]+)`")
)

// Parse returns the blocks of a page in order. A marker that no block follows, or that has a
// word unknown here, is an error: it would be ignored otherwise.
func Parse(page string) (blocks []Block, err error) {
	var open *Block
	markers := map[string]string{}
	for n, line := range strings.Split(page, "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case open != nil && fence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.Text += line + "\n"
		case fence:
			language, _, _ := strings.Cut(strings.TrimPrefix(line, "```"), " ")
			open, markers = &Block{Line: n + 1, Language: language, Markers: markers}, map[string]string{}
		default:
			if err := readMarker(line, markers); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block does not end", open.Line)
	}
	return blocks, nil
}

// readMarker adds the marker of a line that is outside of blocks.
func readMarker(line string, markers map[string]string) error {
	m := marker.FindStringSubmatch(line)
	switch {
	case m == nil && len(markers) > 0 && line != "":
		return fmt.Errorf("a marker before it belongs to no block")
	case m == nil:
		return nil
	case !slices.Contains([]string{NotRun, Exit, File, OutputOf, AnswerOf, In, Like}, m[1]):
		return fmt.Errorf("no marker is called %q", m[1])
	}
	markers[m[1]] = m[2]
	return nil
}

// Spans returns the texts between single backticks outside of blocks, such as commands and
// addresses within a sentence.
func Spans(page string) (spans []string) {
	inside := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "```") {
			inside = !inside
			continue
		}
		if inside {
			continue
		}
		for _, found := range span.FindAllStringSubmatch(line, -1) {
			spans = append(spans, found[1])
		}
	}
	return spans
}
