package config

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/pushback/pushback/internal/strictyaml"
)

// written is what the files of a configuration held when they were read.
type written struct {
	files    map[string][sha256.Size]byte // by path
	sections map[string][sha256.Size]byte // of pushback.yml, by key
}

func newWritten() written {
	return written{files: map[string][sha256.Size]byte{}, sections: map[string][sha256.Size]byte{}}
}

// add remembers a file that was read.
func (w written) add(path string, data []byte) { w.files[path] = sha256.Sum256(data) }

// split remembers pushback.yml key by key, so that comments and spaces make no difference.
func (w written) split(data []byte) {
	var root any
	strictyaml.Decode(data, &root) // its problems are those of the whole reading
	keys, _ := root.(map[string]any)
	for key, value := range keys {
		w.sections[key] = sha256.Sum256(fmt.Appendf(nil, "%#v", value))
	}
}

// Edited is a digest of the configuration's files as they are now, and nil if they are as
// they were when c was read.
func (c Config) Edited() []byte {
	sum, edited := sha256.New(), false
	for _, path := range slices.Sorted(maps.Keys(c.written.files)) {
		read := readBounded
		if path == c.File {
			read = readLinked
		}
		data, err := read(path)
		now := sha256.Sum256(data)
		edited = edited || err != nil || now != c.written.files[path]
		fmt.Fprintln(sum, path, err, now)
	}
	if !edited {
		return nil
	}
	return sum.Sum(nil)
}

// Differences are the keys of pushback.yml whose values in now are not those of c, and
// services where a file that it names has changed.
func (c Config) Differences(now Config) []string {
	changed := map[string]bool{}
	for _, all := range []map[string][sha256.Size]byte{c.written.sections, now.written.sections} {
		for key := range all {
			changed[key] = changed[key] || c.written.sections[key] != now.written.sections[key]
		}
	}
	for path, sum := range now.written.files {
		if old := c.written.files[path]; path != c.File && !bytes.Equal(old[:], sum[:]) {
			changed["services"] = true
		}
	}
	maps.DeleteFunc(changed, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(changed))
}

// Serves reports whether c has every hook and receiver that the services name.
func (c Config) Serves(s Services) bool {
	named := []Responsible{s.Default}
	for _, one := range s.List {
		named = append(named, one.Responsible)
	}
	for _, one := range s.Aliases {
		named = append(named, one.Responsible)
	}
	return !slices.ContainsFunc(named, func(r Responsible) bool {
		hook, chat, pager := c.lacks(r)
		return hook || chat || pager
	})
}

// WithServices is c with the services of a later reading.
func (c Config) WithServices(now Config) Config {
	c.Services = now.Services
	files, sections := maps.Clone(now.written.files), maps.Clone(c.written.sections)
	files[c.File] = c.written.files[c.File]
	sections["services"] = now.written.sections["services"]
	c.written = written{files, sections}
	return c
}
