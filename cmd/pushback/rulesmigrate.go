package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pushback/pushback/internal/migrate"
	"github.com/pushback/pushback/internal/strictyaml"
)

// rulesMigrateCommand converts other tools' files into rules.
type rulesMigrateCommand struct {
	File    string `arg:"" help:"File to read; - is standard input."`
	Team    string `default:"platform" placeholder:"NAME" help:"Team of the rules (default ${default})."`
	Service string `placeholder:"GLOB" help:"Services to watch, instead of what the file says."`
	JSON    bool   `help:"Write JSON, for programs."`
}

// Help says which files are converted.
func (rulesMigrateCommand) Help() string {
	return `Reads an Argo AnalysisTemplate, a Flagger Canary with its MetricTemplates, or a
Kayenta canary config, as YAML or JSON, with one or several objects in a file or
in a List, and writes the nearest rules. A comment names what has no equivalent.
The result passes pushback rules check; read it before you use it.

Examples:

  pushback rules migrate analysis.yaml > rules/cart.yml
  kubectl get canary,metrictemplate -A -o yaml | pushback rules migrate -`
}

// Run writes the rule to standard output.
func (r rulesMigrateCommand) Run(out terminal) error {
	if err := checkTeam(r.Team); err != nil {
		return err
	}
	data, err := r.read()
	if err != nil {
		return usageError(fmt.Errorf("reading the file: %w", err))
	}
	text, err := migrate.Convert(data, migrate.Options{Team: r.Team, Service: r.Service})
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", r.File, err))
	}
	if r.JSON {
		return out.printJSON(map[string]string{"rules": text})
	}
	_, err = io.WriteString(out, text)
	return err
}

func (r rulesMigrateCommand) read() ([]byte, error) {
	if r.File == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, strictyaml.MaxSize+1))
	}
	f, err := os.Open(r.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
}
