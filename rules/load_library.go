package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/strictyaml"
)

// libraryFiles are the rules that come with the program, a rule a file, each
// with its tests beside it.
//
//go:embed library/*.yml library/conventions/*.yml
var libraryFiles embed.FS

// Library is the folder of shipped rules, as people would have it in their
// own: http-red.yml, and its tests in http-red_test.yml. The conventions are not part of it.
//
// See adr/0028.
func Library() fs.FS {
	folder, err := fs.Sub(libraryFiles, libraryFolder)
	if err != nil {
		panic("rules: the library: " + err.Error()) // a constant path
	}
	return withoutFolders{folder}
}

// withoutFolders is a folder of files alone.
type withoutFolders struct{ fs.FS }

// ReadDir reads what is no folder.
func (f withoutFolders) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(f.FS, name)
	return slices.DeleteFunc(all, fs.DirEntry.IsDir), err
}

const libraryFolder = "library"

// LibraryNames are what `use` takes, sorted: library/http-red.
func LibraryNames() []string { return slices.Sorted(maps.Keys(library())) }

// library are the shipped rules by name, read once. A test loads each.
var library = sync.OnceValue(func() map[string]written {
	all := map[string]written{}
	files, err := fs.Glob(libraryFiles, libraryFolder+"/*.yml")
	if err != nil {
		panic("rules: the library: " + err.Error()) // a constant pattern
	}
	for _, file := range files {
		if IsTest(file) {
			continue
		}
		var doc document
		data, err := fs.ReadFile(libraryFiles, file)
		if _, problems := strictyaml.Decode(data, &doc); err != nil || len(problems) > 0 || len(doc.Rules) != 1 {
			panic(fmt.Sprintf("rules: %s: %v %v", file, err, problems))
		}
		all[strings.TrimSuffix(file, path.Ext(file))] = doc.Rules[0]
	}
	return all
})

// libraryHint is the hint for a rule that the library does not have: the first whose name has the word
// that was written, else the nearest.
func libraryHint(written string) string {
	word, known := strings.TrimPrefix(written, libraryFolder+"/"), LibraryNames()
	if i := slices.IndexFunc(known, func(name string) bool { return word != "" && strings.Contains(name, word) }); i >= 0 {
		return fmt.Sprintf("did you mean %q?", known[i])
	}
	return nearest(libraryFolder+"/"+word, known)
}

// use fills a draft with what it inherits from the shipped rule that it names.
// The stored text of the rule has all of it, so that a watch goes on under a
// program with another library.
func (l *loader) use(d *draft) {
	at := d.at + ".use"
	base, ok := library()[d.written.Use]
	switch {
	case !ok:
		d.reader.at(at, codeUnknownLibrary, fmt.Sprintf("the library has no rule %q", d.written.Use), libraryHint(d.written.Use))
		d.hasErrors = true
		return
	case d.written.Extends != "":
		d.reader.at(d.at+".extends", codeBadExtends, "a rule has use or extends, not both", "use the library's rule in the one that is extended")
		d.written.Extends, d.hasErrors = "", true
		return
	}
	d.written = d.written.extending(base)
	d.written.Use = ""
}

const conventionsFolder = libraryFolder + "/conventions"

// conventionFiles are the files of the library, read once. A test loads each.
var conventionFiles = sync.OnceValue(func() map[string]conventionFile {
	all := map[string]conventionFile{}
	names, err := fs.Glob(libraryFiles, conventionsFolder+"/*.yml")
	if err != nil {
		panic("rules: the conventions: " + err.Error()) // a constant pattern
	}
	for _, name := range names {
		var f conventionFile
		data, err := fs.ReadFile(libraryFiles, name)
		if _, problems := strictyaml.Decode(data, &f); err != nil || len(problems) > 0 {
			panic(fmt.Sprintf("rules: %s: %v %v", name, err, problems))
		}
		all[strings.TrimSuffix(path.Base(name), path.Ext(name))] = f
	}
	return all
})
