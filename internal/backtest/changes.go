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

// The bounds of a file of changes.
const (
	maxLine     = 64 << 10
	maxChanges  = 100_000
	maxMistakes = 50
)

// Moment is what is replayed: a change, or a moment at which there was none.
type Moment struct {
	sources.Change
	Placebo bool
}

// Mistake is a line that cannot be taken.
type Mistake struct {
	File    string
	Line    int
	Message string
}

// Error gives file:line: message.
func (m Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Message) }

// written is one line of the file.
type written struct {
	ID          string       `json:"id"`
	Service     string       `json:"service"`
	Environment string       `json:"environment"`
	Kind        sources.Kind `json:"kind"`
	Version     string       `json:"version"`
	At          time.Time    `json:"at"`
}

// ReadChanges reads changes, one JSON object a line, in the order they stand:
//
//	{"id":"d1","service":"cart","environment":"production","kind":"deploy","version":"v42","at":"2026-11-20T10:00:00Z"}
//
// environment is production and kind is deploy where they are left out; every
// other key must be there, but for version, which no verdict depends on. Keys
// it does not know, ids that stand twice and moments after now are refused.
// Empty lines are skipped. Every bad line is in the error, which joins
// Mistakes, up to fifty of them; file is only what they call it.
func ReadChanges(file string, r io.Reader, now time.Time) ([]Moment, error) {
	return readChanges(file, r, now, maxChanges)
}

func readChanges(file string, r io.Reader, now time.Time, most int) ([]Moment, error) {
	reader := lineReader{file: file, now: now, first: map[string]int{}}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	line := 1
	for ; scanner.Scan() && len(reader.mistakes) < maxMistakes && len(reader.moments) <= most; line++ {
		reader.take(line, scanner.Bytes())
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		reader.wrong(line, fmt.Sprintf("the line is longer than %d KiB", maxLine>>10))
	case err != nil:
		reader.wrong(line, err.Error())
	case len(reader.moments) > most:
		reader.wrong(line-1, fmt.Sprintf("more than %d changes: split the file", most))
	case len(reader.mistakes) >= maxMistakes:
		reader.wrong(line, "too many mistakes: the rest was not read")
	}
	if len(reader.mistakes) > 0 {
		return nil, errors.Join(reader.mistakes...)
	}
	return reader.moments, nil
}

// lineReader takes the lines of one file.
type lineReader struct {
	file     string
	now      time.Time
	moments  []Moment
	first    map[string]int // by id, the line that has it
	mistakes []error
}

func (r *lineReader) wrong(line int, message string) {
	r.mistakes = append(r.mistakes, Mistake{File: r.file, Line: line, Message: message})
}

func (r *lineReader) take(line int, text []byte) {
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	var w written
	if err := changes.DecodeStrict(text, &w); err != nil {
		r.wrong(line, err.Error())
		return
	}
	c, err := w.change(r.now)
	if err != nil {
		r.wrong(line, err.Error())
		return
	}
	if first, twice := r.first[c.ID]; twice {
		r.wrong(line, fmt.Sprintf("line %d has the same id", first))
		return
	}
	r.first[c.ID] = line
	r.moments = append(r.moments, Moment{Change: c})
}

// change holds a line to what is asked of an event, but for its age: a
// recording without a clock may begin at zero.
func (w written) change(now time.Time) (sources.Change, error) {
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
		return sources.Change{}, errors.New("id is missing: give every change a name of its own")
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
