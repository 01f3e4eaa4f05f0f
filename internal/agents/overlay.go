package agents

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"time"
)

// overlay is a folder in which one file has another text, so that rules can be checked before
// anything is written.
type overlay struct {
	fs.FS
	name string
	text []byte
}

// Open opens a file of the folder, or the text.
func (o overlay) Open(name string) (fs.File, error) {
	if name == o.name {
		return &textFile{*bytes.NewReader(o.text), o.info()}, nil
	}
	return o.FS.Open(name)
}

// ReadDir lists a folder with the file in it.
func (o overlay) ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, dir)
	if err != nil || path.Dir(o.name) != dir {
		return entries, err
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return e.Name() == path.Base(o.name) })
	entries = append(entries, fs.FileInfoToDirEntry(o.info()))
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return bytes.Compare([]byte(a.Name()), []byte(b.Name())) })
	return entries, nil
}

func (o overlay) info() textInfo { return textInfo{path.Base(o.name), int64(len(o.text))} }

// textFile is an open file of a text.
type textFile struct {
	bytes.Reader
	info textInfo
}

// Stat returns what is known of the text as a file.
func (f *textFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing: there is nothing to give back.
func (f *textFile) Close() error { return nil }

type textInfo struct {
	name string
	size int64
}

func (i textInfo) Name() string       { return i.name }
func (i textInfo) Size() int64        { return i.size }
func (i textInfo) Mode() fs.FileMode  { return 0o444 }
func (i textInfo) ModTime() time.Time { return time.Time{} }
func (i textInfo) IsDir() bool        { return false }
func (i textInfo) Sys() any           { return nil }
