package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxJSONDepth is how deeply a body may be nested: deeper than any tool's are.
const MaxJSONDepth = 64

// CheckJSON refuses what a decoder would accept in an object and should not: bytes that are not
// UTF-8 (which it replaces silently), an object with a key twice (which two readers may
// read as two different events), nesting beyond MaxJSONDepth, and anything after the one
// value. Keys that differ by case alone are the same key, because encoding/json fills one
// field from both. The error quotes nothing of the body.
func CheckJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("body is not a JSON object")
	}
	if err := walkObject(d, 1); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("body holds more than one JSON value")
	}
	return nil
}

// walkObject reads to the end of the object whose brace was just read.
func walkObject(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return errors.New("body is not JSON")
		}
		name, _ := key.(string)
		if name = foldCase(name); seen[name] {
			return errors.New("a key appears twice in one object (keys that differ by case alone are the same)")
		}
		seen[name] = true
		if err := walkValue(d, depth); err != nil {
			return err
		}
	}
	return readEnd(d)
}

func walkArray(d *json.Decoder, depth int) error {
	for d.More() {
		if err := walkValue(d, depth); err != nil {
			return err
		}
	}
	return readEnd(d)
}

func walkValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return errors.New("body is not JSON")
	}
	if depth >= MaxJSONDepth {
		return fmt.Errorf("body is nested deeper than %d levels", MaxJSONDepth)
	}
	switch t {
	case json.Delim('{'):
		return walkObject(d, depth+1)
	case json.Delim('['):
		return walkArray(d, depth+1)
	}
	return nil
}

// readEnd reads the closing bracket of an object or array.
func readEnd(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errors.New("body is cut short")
	}
	return nil
}

// foldCase gives all names that encoding/json takes for one field the same form. Beside
// letters of both cases these are k and the Kelvin sign, and s and the long s.
func foldCase(name string) string {
	return strings.Map(func(r rune) rune {
		for next := unicode.SimpleFold(r); ; r, next = next, unicode.SimpleFold(next) {
			if next <= r {
				return next
			}
		}
	}, name)
}

var errEscape = errors.New("a text holds NUL, or half of a surrogate pair (\\ud800): send whole characters")

// CheckEscapes refuses NUL and halves of surrogate pairs in the strings of a JSON text: the
// decoder puts other characters in place of the halves, so that what is stored is not what
// was sent.
func CheckEscapes(body []byte) error {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		unit, ok := escapedUnit(body, i)
		if !ok {
			continue // another escape, of one character
		}
		i += 4
		if unit == 0 {
			return errEscape
		}
		if !utf16.IsSurrogate(unit) {
			continue
		}
		low, ok := escapedUnit(body, i+2)
		if !ok || body[i+1] != '\\' || utf16.DecodeRune(unit, low) == utf8.RuneError {
			return errEscape
		}
		i += 6
	}
	return nil
}

// escapedUnit returns the UTF-16 unit of an escape such as u00e9 that begins at i.
func escapedUnit(body []byte, i int) (rune, bool) {
	if i+5 > len(body) || body[i] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(body[i+1:i+5]), 16, 32)
	return rune(n), err == nil
}
