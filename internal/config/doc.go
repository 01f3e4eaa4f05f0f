// Package config reads pushback.yml, which the operators own: the address to listen
// on, the metric stores, the change sources, the hooks, the receivers of messages,
// and how a change's service is found in the metric store. The teams' rules are read
// by package rules.
//
//	Load              a file and the kinds of adapters → Config, or every mistake at once
//	Config.Mistakes   an error of building an adapter  → mistakes at their places
//
// Reading is strict: an unknown key, a duplicate key and an undefined name are errors
// with line and column, because ignoring a misspelt guard is worse than not starting.
//
// Each adapter owns its settings. This package knows the keys that all hooks or all
// sources share, and decodes the rest into the adapter's own Config type, which it
// gets from the caller (Kinds). The table of adapters is in internal/daemon, the
// only package that may import hooks.
//
// pushback.yml contains no secret. Settings name files with one secret each, so that
// pushback.yml can be committed, compared and shown in a bug report. Relative paths
// are relative to the folder of the file that names them.
package config
