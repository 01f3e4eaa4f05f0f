package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/migrate"
	"github.com/pushback/pushback/internal/strictyaml"
)

// rulesMigrateCommand converts other tools' files into rules.
type rulesMigrateCommand struct {
	Files     []string          `arg:"" name:"file" help:"Files and folders to read together; - is standard input."`
	Team      string            `default:"platform" placeholder:"NAME" help:"Team of the rules (default ${default})."`
	Service   string            `placeholder:"GLOB" help:"Services to watch, instead of what the files say."`
	Arg       map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"What an argument of a template stands for, such as 'service-name=$$service'. Repeatable."`
	Namespace string            `placeholder:"NAME" help:"Namespace of objects that do not say theirs."`
	Mesh      string            `name:"mesh-provider" placeholder:"NAME" help:"Flagger's setting of this name, which its own checks depend on."`
	Store     map[string]string `mapsep:"none" placeholder:"URL=NAME" help:"Name in pushback.yml of the metric store with this address. Repeatable."`
	Summary   bool              `help:"Write counts and what was left, and no rules."`
	Strict    bool              `help:"Exit with 1 if anything was left."`
	JSON      bool              `help:"Write JSON, for programs."`
}

// Help says which files are converted.
func (rulesMigrateCommand) Help() string {
	return `Reads Argo AnalysisTemplates with the Rollouts that use them, Flagger Canaries with
their MetricTemplates, and Kayenta canary configs, as YAML or JSON, and writes rules
that say the same. What no rule can say is listed in comments with its file and line,
and what to write instead; nothing of a file is passed over. The result passes
pushback rules check; read it before you use it.

Exit codes: 0 rules were written; 1 with --strict, something was left; 2 the command
line or a file has a mistake, or no metric could be converted.

Examples:

  pushback rules migrate analysis.yaml --arg 'service-name=$service' > rules/cart.yml
  kubectl get rollout,analysistemplate,clusteranalysistemplate -A -o yaml | pushback rules migrate -
  kubectl get canary,metrictemplate -A -o yaml | pushback rules migrate - --mesh-provider istio
  pushback rules migrate deploy/ --summary --strict`
}

// Run writes the rules to standard output.
func (r rulesMigrateCommand) Run(_ context.Context, out terminal) error {
	if err := checkTeam(r.Team); err != nil {
		return err
	}
	if err := r.checkArguments(); err != nil {
		return usageError(err)
	}
	files, err := r.read()
	if err != nil {
		return usageError(fmt.Errorf("reading the file: %w", err))
	}
	result, err := migrate.Convert(files, migrate.Options{
		Team: r.Team, Service: r.Service, Namespace: r.Namespace, Mesh: r.Mesh, Args: r.Arg, Stores: r.stores(),
	})
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", strings.Join(r.Files, ", "), err))
	}
	if err := r.write(out, result); err != nil {
		return err
	}
	return r.verdict(result)
}

// checkArguments refuses empty values: the shell has replaced a variable by nothing.
func (r rulesMigrateCommand) checkArguments() error {
	for name, value := range r.Arg {
		if value == "" {
			return fmt.Errorf("--arg %s has no value\n  hint: write --arg '%[1]s=$service' in single quotes, so that the shell leaves the variable alone", name)
		}
	}
	return nil
}

func (r rulesMigrateCommand) write(out terminal, result migrate.Result) error {
	switch {
	case r.JSON:
		return out.printJSON(result)
	case r.Summary:
		return result.WriteSummary(out)
	}
	_, err := io.WriteString(out, result.Rules)
	return err
}

// verdict is the error that the exit code comes from.
func (r rulesMigrateCommand) verdict(result migrate.Result) error {
	s := result.Summary
	switch {
	case s.Converted == 0:
		return usageError(fmt.Errorf("none of %s could be converted: the output says why, and what to do", counted(s.Metrics, "metric")))
	case r.Strict && s.Left > 0:
		return &exitError{code: exitFailure, err: fmt.Errorf("%d of %s converted, and %s left: the output lists them", s.Converted, counted(s.Metrics, "metric"), counted(s.Left, "thing"))}
	}
	return nil
}

// stores are the addresses as they are compared: without a slash at the end.
func (r rulesMigrateCommand) stores() map[string]string {
	all := map[string]string{}
	for address, name := range r.Store {
		all[strings.TrimRight(address, "/")] = name
	}
	return all
}

// maxMigrated bounds the files of a folder.
const maxMigrated = 5000

func (r rulesMigrateCommand) read() ([]migrate.File, error) {
	var all []migrate.File
	for _, name := range r.Files {
		names, err := configFiles(name)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			data, err := readBounded(n)
			if err != nil {
				return nil, err
			}
			all = append(all, migrate.File{Name: n, Data: data, Found: n != name})
		}
	}
	if len(all) > maxMigrated {
		return nil, fmt.Errorf("these are more than %d files: name fewer", maxMigrated)
	}
	return all, nil
}

// configFiles returns the YAML and JSON files of a folder, or the file itself.
func configFiles(name string) (all []string, err error) {
	info, err := os.Stat(name)
	if name == "-" || err == nil && !info.IsDir() {
		return []string{name}, nil
	}
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			all = append(all, path)
		}
		return err
	})
	if err == nil && len(all) == 0 {
		err = errors.New(name + ": the folder has no file that ends in .yaml, .yml or .json")
	}
	return all, err
}

func readBounded(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, strictyaml.MaxSize+1))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
}
