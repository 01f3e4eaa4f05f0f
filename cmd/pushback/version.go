package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// released is the version of a release, set by -ldflags "-X main.released=…".
var released = ""

type versionCommand struct {
	JSON bool `help:"Write JSON, for programs."`
}

// versionAnswer is what --json writes.
type versionAnswer struct {
	Go      string `json:"go"`
	Version string `json:"version"`
}

// Help shows both forms.
func (versionCommand) Help() string {
	return `Examples:

  pushback --version
  pushback version --json`
}

// Run prints the version of Pushback and of Go.
func (v versionCommand) Run(out terminal) error {
	if v.JSON {
		return out.printJSON(versionAnswer{Version: version(), Go: runtime.Version()})
	}
	_, err := fmt.Fprintf(out, "pushback %s (%s)\n", version(), runtime.Version())
	return err
}

// version is the released version, else the module's, else "devel".
func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
