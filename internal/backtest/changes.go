package backtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// The limits of a file of changes.
const (
	maxLine     = 64 << 10
	maxChanges  = 100_000
	maxMistakes = 50
)

// Moment is what is replayed: a change, or a placebo.
type Moment struct {
	sources.Change
	Placebo bool
	Good    bool // people say that nothing was wrong with it
}

// Mistake is a line that cannot be read.
type Mistake struct {
	File    string
	Line    int
	Message string
}

// Error returns file:line: message.
func (m Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Message) }

// changeLine is one line of the file.
type changeLine struct {
	ID          string       `json:"id"`
	Service     string       `json:"service"`
	Environment string       `json:"environment"`
	Kind        sources.Kind `json:"kind"`
	Version     string       `json:"version"`
	At          time.Time    `json:"at"`
	Good        bool         `json:"good"`
}

// ReadChanges reads changes, one JSON object a line, and returns them in the order
// of the lines:
//
//	{"id":"d1","service":"cart","environment":"production","kind":"deploy","version":"v42","at":"2026-11-20T10:00:00Z"}
//
// Without the key, environment is production and kind is deploy. version may be left
// out, because no verdict depends on it. A line with "good":true is a deploy that later ones
// of its service are expected to resemble in their first minutes. Every other key is required. Unknown keys,
// ids that occur twice and times after now are mistakes. Empty lines are skipped. The
// error joins up to fifty Mistakes, one for each bad line, which name the file as
// given.
func ReadChanges(file string, r io.Reader, now time.Time) ([]Moment, error) {
	return readChanges(file, r, now, maxChanges)
}

func readChanges(file string, r io.Reader, now time.Time, most int) ([]Moment, error) {
	reader := lineReader{file: file, now: now, first: map[string]int{}}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	line := 1
	for ; scanner.Scan() && len(reader.mistakes) < maxMistakes && len(reader.moments) <= most; line++ {
		reader.readLine(line, scanner.Bytes())
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		reader.addMistake(line, fmt.Sprintf("the line is longer than %d KiB", maxLine>>10))
	case err != nil:
		reader.addMistake(line, err.Error())
	case len(reader.moments) > most:
		reader.addMistake(line-1, fmt.Sprintf("more than %d changes: split the file", most))
	case len(reader.mistakes) >= maxMistakes:
		reader.addMistake(line, "too many mistakes: the rest was not read")
	}
	if len(reader.mistakes) > 0 {
		return nil, errors.Join(reader.mistakes...)
	}
	return reader.moments, nil
}

// lineReader reads the lines of one file.
type lineReader struct {
	file     string
	now      time.Time
	moments  []Moment
	first    map[string]int // by id, the line that has it
	mistakes []error
}

func (r *lineReader) addMistake(line int, message string) {
	r.mistakes = append(r.mistakes, Mistake{File: r.file, Line: line, Message: message})
}

func (r *lineReader) readLine(line int, text []byte) {
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	var w changeLine
	if err := changes.DecodeStrict(text, &w); err != nil {
		r.addMistake(line, err.Error())
		return
	}
	c, err := w.change(r.now)
	if err != nil {
		r.addMistake(line, err.Error())
		return
	}
	if first, twice := r.first[c.ID]; twice {
		r.addMistake(line, fmt.Sprintf("line %d has the same id", first))
		return
	}
	r.first[c.ID] = line
	r.moments = append(r.moments, Moment{Change: c, Good: w.Good})
}

// change checks a line as an event is checked, except for its age: a recording may
// begin at the zero of its own clock.
func (w changeLine) change(now time.Time) (sources.Change, error) {
	if w.At.IsZero() {
		return sources.Change{}, errors.New("at is missing: write the time of the change, RFC 3339")
	}
	if w.At.After(now) {
		return sources.Change{}, errors.New("at is in the future: there is nothing to replay yet")
	}
	version := w.Version
	if version == "" {
		version = "unknown"
	}
	if w.ID == "" {
		return sources.Change{}, errors.New("id is missing: give every change an id of its own")
	}
	admitted, err := sources.Admit(sources.Event{
		Source: "backtest", EventID: w.ID, ChangeID: w.ID, Status: sources.Succeeded, At: now,
		Service: w.Service, Environment: w.Environment, Kind: w.Kind, Version: version,
	}, nil, now)
	if err != nil {
		return sources.Change{}, err
	}
	e := admitted.Event()
	e.At = w.At.UTC().Truncate(time.Microsecond)
	c := sources.Begin(e)
	c.Version = w.Version
	return c, nil
}
