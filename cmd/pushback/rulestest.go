package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/ruletest"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// rulesTestCommand runs unit tests of rules, without a server.
type rulesTestCommand struct {
	Paths []string `arg:"" optional:"" type:"path" help:"Test files, or folders with *_test.yml files (default: rules, else this folder)."`
	Only  string   `name:"run" placeholder:"TEXT" help:"Only tests whose name contains this text."`
	JUnit string   `name:"junit" type:"path" placeholder:"FILE" help:"Also write JUnit XML, for CI."`
	JSON  bool     `help:"Write JSON, for programs."`
}

// Help shows a complete test file.
func (rulesTestCommand) Help() string {
	return `Judges invented series around a change as the daemon would, with Prometheus's own
query engine and without a server: see docs/rules-testing.md. A test file:

  tests:
    - name: errors after a deploy page the owner
      interval: 1m
      input_series:
        - {series: 'http_requests_total{job="cart",code="200"}', increases: 600x180}
        - {series: 'http_requests_total{job="cart",code="500"}', increases: 1x120 30x60}
      change: {service: cart, at: 2h}
      expect:
        - {rule: red, grade: certain, told: [chat, pager], rollback: {hook: hook, mode: act}}

Exit code 1 when a test fails, 2 when a file is wrong.

Examples:

  pushback rules test
  pushback rules test rules/red_test.yml --run deploy
  pushback rules test rules --junit rules.xml`
}

// Run runs the tests of all files, and fails at the end if one test failed.
func (r rulesTestCommand) Run(ctx context.Context, out terminal) error {
	files, err := r.files()
	if err != nil {
		return err
	}
	loaded := map[string]*rules.Set{}
	reports := []ruletest.Report{}
	wrong, ran, failed := false, 0, 0
	for _, file := range files {
		suite, set, mistakes, err := loadSuite(ctx, out, file, loaded, r.JSON)
		if err != nil {
			return err
		}
		if suite == nil {
			wrong = true
			reports = append(reports, ruletest.Report{File: shown(file), Mistakes: mistakes})
			continue
		}
		report, err := suite.Run(ctx, set, func(name string) bool { return strings.Contains(name, r.Only) }, time.Now)
		if err != nil {
			return err
		}
		reports, ran, failed = append(reports, report), ran+len(report.Tests), failed+report.Failed()
	}
	if err := r.write(out, reports); err != nil {
		return err
	}
	switch {
	case wrong:
		return &exitError{code: exitUsage}
	case failed > 0:
		return &exitError{code: exitFailure}
	case ran == 0 && r.Only != "": // a typing error here must not make a pipeline pass
		return usageError(fmt.Errorf("no test name contains %q", r.Only))
	}
	return nil
}

// files are the named files, and every *_test.yml in the named folders.
func (r rulesTestCommand) files() ([]string, error) {
	paths := r.Paths
	if len(paths) == 0 {
		paths = []string{"rules"}
		if _, err := os.Stat("rules"); err != nil {
			paths = []string{"."}
		}
	}
	var all []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !d.IsDir() && (name == p || isRulesTest(name)) {
				all = append(all, name)
			}
			return nil
		})
		if err != nil {
			return nil, usageError(fmt.Errorf("looking for tests: %w", err))
		}
	}
	if len(all) == 0 {
		return nil, usageError(fmt.Errorf("there are no tests in %s\n  hint: tests of rules are files named *_test.yml; pushback rules test --help shows one", strings.Join(paths, ", ")))
	}
	return all, nil
}

func isRulesTest(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yml" || ext == ".yaml") && rules.IsTest(name)
}

// loadSuite reads one test file and its rules; loaded caches the rules of files read
// before. Where either has mistakes, it prints and returns them, and no suite. With
// quiet it prints to standard error, because standard output is JSON then.
func loadSuite(ctx context.Context, out terminal, file string, loaded map[string]*rules.Set, quiet bool) (*ruletest.Suite, *rules.Set, []rules.Diagnostic, error) {
	files := folder.Files(filepath.Dir(file))
	data, err := strictyaml.ReadFile(files, filepath.Base(file))
	if err != nil {
		return nil, nil, nil, usageError(fmt.Errorf("reading the tests: %w", err))
	}
	suite, found := ruletest.Parse(shown(file), data)
	var set *rules.Set
	if suite != nil {
		key := filepath.Dir(file) + "\x00" + strings.Join(suite.RuleFiles, "\x00")
		if set = loaded[key]; set == nil {
			set, found = loadRules(ctx, files, suite.RuleFiles)
			if err := ctx.Err(); err != nil {
				return nil, nil, nil, err
			}
			loaded[key] = set
		}
	}
	if len(found) == 0 {
		return suite, set, nil, nil
	}
	w := io.Writer(out)
	if quiet {
		w = os.Stderr
	}
	for _, d := range found {
		if err := d.Render(w, out.colour); err != nil {
			return nil, nil, nil, err
		}
	}
	return nil, nil, found, nil
}

// loadRules loads the named rule files, or all in the folder where none is named.
func loadRules(ctx context.Context, files fs.FS, names []string) (*rules.Set, []rules.Diagnostic) {
	world := rules.World{Stop: ctx.Err}
	if len(names) == 0 {
		return rules.Load(files, world)
	}
	return rules.LoadFiles(files, names, world)
}

// shown is a path as people would type it here.
func shown(file string) string {
	here, err := os.Getwd()
	if err != nil {
		return file
	}
	if relative, err := filepath.Rel(here, file); err == nil && !strings.HasPrefix(relative, "..") {
		return relative
	}
	return file
}

func (r rulesTestCommand) write(out terminal, reports []ruletest.Report) error {
	if r.JUnit != "" {
		if err := writeJUnit(r.JUnit, reports); err != nil {
			return err
		}
	}
	if r.JSON {
		return out.printJSON(reports)
	}
	for _, report := range reports {
		if len(report.Mistakes) > 0 {
			continue // they are shown already
		}
		if err := ruletest.Text(out, report, out.colour); err != nil {
			return err
		}
	}
	return nil
}

func writeJUnit(file string, reports []ruletest.Report) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	if err := errors.Join(ruletest.JUnit(f, reports), f.Close()); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}
