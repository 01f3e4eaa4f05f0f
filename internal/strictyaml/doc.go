// Package strictyaml decodes YAML that people write and attackers may have
// changed. It decodes bytes into a Go value, returns all mistakes in file order,
// and returns the position of every value, so that a mistake that is found later,
// such as a bad expression in a block scalar, can be shown at its line and column.
//
// The YAML library parses and this package decodes. The library's own strict
// decoding was not used, because its messages name Go types, which mean nothing to
// people who write rules, and because it stops at the first mistake in a mapping.
//
// Strict means that unknown keys, duplicate keys, empty values, several documents,
// merge keys, and unquoted numbers in place of text are mistakes. Otherwise a tool
// that takes a value such as `version: 1.10` for a number would read 1.1. Input is
// bounded before it costs anything: MaxSize bytes, MaxDepth levels, and MaxAliased
// values behind aliases.
//
// A message never repeats a value, so that a secret under a wrong key does not get
// into a log. Whoever shows the source line of a Problem must know that the file
// holds no secrets.
//
// See adr/0008.
package strictyaml
