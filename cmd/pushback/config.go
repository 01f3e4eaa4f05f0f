package main

import (
	"fmt"

	"github.com/pushback/pushback/internal/config"
)

// configFlag is the flag of every command that reads pushback.yml.
type configFlag struct {
	Config string `short:"c" name:"config" default:"pushback.yml" env:"PUSHBACK_CONFIG" type:"path" placeholder:"FILE" help:"Configuration (${env}; default ${default})."`
}

func (f configFlag) load() (config.Config, error) { return loadConfig(f.Config) }

// loadConfig reads pushback.yml. Its mistakes are the user's to mend.
func loadConfig(path string) (config.Config, error) {
	c, problems := config.Load(path, kinds())
	if len(problems) > 0 {
		return config.Config{}, usageError(fmt.Errorf("the configuration is wrong:\n%w", problems))
	}
	return c, nil
}

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Check pushback.yml and everything it names."`
}

type configCheckCommand struct {
	configFlag
	JSON bool `help:"Write JSON, for programs."`
}

// Help shows the use in CI.
func (configCheckCommand) Help() string {
	return `Every mistake is shown at once, with its line and column. Nothing is started
and nobody is asked.

Example:

  pushback config check -c pushback.yml`
}

// Run checks the file, not the rules: those are `pushback rules check`.
func (c configCheckCommand) Run(out terminal) error {
	loaded, problems := config.Load(c.Config, kinds())
	if c.JSON {
		if err := out.printJSON(checked(problems)); err != nil {
			return err
		}
	}
	if len(problems) > 0 && c.JSON {
		return &exitError{code: exitUsage}
	}
	if len(problems) > 0 {
		return usageError(fmt.Errorf("the configuration is wrong:\n%w", problems))
	}
	if !c.JSON {
		fmt.Fprintf(out, "%s: %s, %s, %s, %s: all well\n", c.Config,
			counted(len(loaded.Metrics), "metric store"), counted(len(loaded.Sources), "source"),
			counted(len(loaded.Hooks), "hook"), counted(len(loaded.Receivers), "receiver"))
	}
	return nil
}

// mistake is one diagnostic as --json writes it.
type mistake struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func checked(problems config.Diagnostics) []mistake {
	all := make([]mistake, len(problems))
	for i, p := range problems {
		all[i] = mistake{p.File, p.Line, p.Column, p.Code, p.Message, p.Hint}
	}
	return all
}
