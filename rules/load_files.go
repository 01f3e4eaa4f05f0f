package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// The bounds of a folder that was pointed at by mistake, or filled by somebody.
const (
	maxFiles  = 10_000
	maxFolder = 16 << 20 // bytes of all files together
)

// errTooMuch ends the reading of a folder: what was found so far is enough.
var errTooMuch = errors.New("too much")

// Load reads every *.yml and *.yaml of a folder and the folders in it, names
// beginning with a dot left out, and so are *_test.yml, the rules' tests. With
// any diagnostic the set is nil: whoever reloads keeps the set they have.
func Load(fsys fs.FS, w World) (*Set, []Diagnostic) {
	l := newLoader(w)
	return l.load(fsys, l.files(fsys))
}

// LoadFiles reads the named files of a folder and no others.
func LoadFiles(fsys fs.FS, names []string, w World) (*Set, []Diagnostic) {
	return newLoader(w).load(fsys, names)
}

func (l *loader) load(fsys fs.FS, names []string) (*Set, []Diagnostic) {
	l.read(fsys, names)
	l.settle()
	if len(l.found) > 0 {
		return nil, inFileOrder(l.found)
	}
	rules := make([]Rule, len(l.drafts))
	for i, d := range l.drafts {
		rules[i] = d.rule
	}
	return &Set{rules: rules, index: indexOf(rules)}, nil
}

// read reads files by name, as far as the bounds of a folder go.
func (l *loader) read(fsys fs.FS, names []string) {
	size := 0
	for _, name := range names {
		data, err := strictyaml.ReadFile(fsys, name)
		if err != nil {
			l.unreadable(name, err)
			continue
		}
		if size += len(data); size > maxFolder {
			l.unreadable(".", fmt.Errorf("the files hold more than %d MiB", maxFolder>>20))
			return
		}
		l.file(name, data)
	}
}

// files are the names of all files of rules. A part of the folder that cannot
// be read is told, and so is one that would be passed over in silence: a link
// to a folder, which may lead back into this one, or a pipe, which may never
// end.
func (l *loader) files(fsys fs.FS) []string {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case hidden && d != nil && d.IsDir():
			return fs.SkipDir
		case hidden:
			return nil
		case err != nil:
			l.unreadable(name, err)
			return nil
		case d.IsDir():
			return nil
		}
		if !d.Type().IsRegular() && !l.leadsToFile(fsys, name) {
			return nil
		}
		if isRules(name) {
			names = append(names, name)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("%w: more than %d files", errTooMuch, maxFiles)
		}
		return nil
	})
	if errors.Is(err, errTooMuch) {
		l.unreadable(".", err)
	}
	return names
}

func isRules(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yml" || ext == ".yaml") && !IsTest(name)
}

// IsTest says whether a file in a rules folder holds tests of the rules and no
// rules: red_test.yml.
func IsTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "_test")
}

// leadsToFile says whether what is no plain file leads to one, and tells what
// it is otherwise, where it matters.
func (l *loader) leadsToFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil && isRules(name):
		l.unreadable(name, err)
	case err != nil:
		// A link into nowhere that is not called a file of rules is nobody's.
	case info.IsDir():
		l.unreadable(name, errors.New("a link to a folder is not followed; put the folder itself here"))
	case !info.Mode().IsRegular() && isRules(name):
		l.unreadable(name, errors.New("this is no file"))
	default:
		return err == nil
	}
	return false
}

func (l *loader) unreadable(name string, err error) {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err // the path it repeats stands before it
	}
	l.found = append(l.found, Diagnostic{
		File: name, Line: 1, Column: 1, Code: codeUnreadable, Message: fmt.Sprintf("cannot be read: %v", err),
	})
}
