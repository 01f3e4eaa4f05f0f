package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// errTooManyFiles ends the walk through a folder.
var errTooManyFiles = errors.New("too much")

// Load reads every *.yml and *.yaml of a folder and the folders in it, names
// beginning with a dot and *_test.yml, the rules' tests, left out. If there is
// any diagnostic the set is nil, and whoever reloads goes on with the set before.
// A folder without any rule has one, unless w.AllowEmpty: it is more often a mount
// that failed, or a file whose name ends in .yml.txt, than meant so.
func Load(fsys fs.FS, w World) (*Set, []Diagnostic) {
	l := newLoader(w)
	names := l.files(fsys)
	set, found := l.load(fsys, names)
	if len(found) == 0 && set.Len() == 0 && !w.AllowEmpty {
		return nil, []Diagnostic{noRules(fsys, len(names))}
	}
	return set, found
}

// LoadFiles reads the named files of a folder and no others.
func LoadFiles(fsys fs.FS, names []string, w World) (*Set, []Diagnostic) {
	return newLoader(w).load(fsys, names)
}

func (l *loader) load(fsys fs.FS, names []string) (*Set, []Diagnostic) {
	l.read(fsys, names)
	if !l.halted() {
		l.fillDrafts()
	}
	if len(l.found) > 0 {
		return nil, inFileOrder(l.found)
	}
	rules := make([]Rule, len(l.drafts))
	for i, d := range l.drafts {
		rules[i] = d.rule
	}
	return &Set{rules: rules, index: indexOf(rules), warnings: inFileOrder(l.warnings)}, nil
}

// read reads files by name, up to the limits of a folder.
func (l *loader) read(fsys fs.FS, names []string) {
	size := 0
	for _, name := range names {
		if l.halted() {
			return
		}
		data, err := strictyaml.ReadFile(fsys, name)
		if err != nil {
			l.unreadable(name, err)
			continue
		}
		if size += len(data); size > maxFolder {
			l.folderTooLarge("the files hold more than %d MiB", maxFolder>>20)
			return
		}
		l.file(name, data)
	}
}

// files are the names of all files of rules. It reports what cannot be read, and
// what would otherwise be skipped silently: a link to a folder, which may lead
// back into this one, and a pipe, which may never end.
func (l *loader) files(fsys fs.FS) []string {
	var names []string
	entries := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if entries++; entries > maxEntries || l.halted() {
			return fmt.Errorf("%w: more than %d entries", errTooManyFiles, maxEntries)
		}
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
		if !d.Type().IsRegular() && !l.isLinkToFile(fsys, name) {
			return nil
		}
		if isRulesFile(name) {
			names = append(names, name)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("%w: more than %d files", errTooManyFiles, maxFiles)
		}
		return nil
	})
	if errors.Is(err, errTooManyFiles) && !l.halted() {
		l.unreadable(".", err)
	}
	return names
}

func isRulesFile(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yml" || ext == ".yaml") && !IsTest(name)
}

// IsTest says whether a file in a rules folder holds tests of the rules and no
// rules: red_test.yml.
func IsTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "_test")
}

// isLinkToFile says whether name, which is no regular file, is a link to one. If
// it is not and looks like a file of rules, it reports what it is instead.
func (l *loader) isLinkToFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil && isRulesFile(name):
		l.unreadable(name, err)
	case err != nil:
		// A dangling link that has not the name of a file of rules does not matter.
	case info.IsDir():
		l.unreadable(name, errors.New("a link to a folder is not followed; put the folder itself here"))
	case !info.Mode().IsRegular() && isRulesFile(name):
		l.unreadable(name, errors.New("this is not a regular file"))
	default:
		return err == nil
	}
	return false
}

func (l *loader) unreadable(name string, err error) {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err // the path in it is that of the diagnostic
	}
	l.found = append(l.found, Diagnostic{
		File: name, Line: 1, Column: 1, Code: codeUnreadable, Message: fmt.Sprintf("cannot be read: %v", err),
	})
}
