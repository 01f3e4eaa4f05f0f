// Package strictyaml reads YAML that people write and attackers may have
// touched. It takes bytes and gives a filled Go value, every mistake at once
// in file order, and an index that says where each value stood, so that what
// is found wrong later — a bad expression inside a block scalar — can still
// be shown at its line and column.
//
// The library parses; this package decodes. The road not taken is the
// library's own strict decoding: its messages name Go types, which mean
// nothing to the people who write rules, and it stops at the first fault of
// a mapping.
//
// Strict means: unknown keys, duplicate keys, empty values, several
// documents, merge keys and unquoted numbers where text is wanted are all
// refused. A value such as `version: 1.10` would otherwise be read as 1.1
// by whoever treats it as a number. Bounds are checked before what they
// bound: MaxSize bytes, MaxDepth levels, MaxAliased values behind aliases.
//
// A message never repeats a value, so that a secret written under a wrong
// key does not end in a log. Whoever shows the source line beside a Problem
// must know the file to hold no secrets.
//
// See adr/0008.
package strictyaml
