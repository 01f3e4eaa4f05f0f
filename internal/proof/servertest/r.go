package servertest

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// R evaluates expressions of the R language in a new session and returns the
// numbers of each. Only base R is loaded.
func R(t testing.TB, expressions ...string) [][]float64 {
	t.Helper()
	path, err := program{names: []string{"Rscript"}, install: "r-base-core"}.find()
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, e := range expressions {
		fmt.Fprintf(&script, "cat(sprintf(\"%%.17g\", c(%s)), \"\\n\")\n", e)
	}
	r := exec.CommandContext(t.Context(), path, "--vanilla", "-")
	var out, complaints bytes.Buffer
	r.Stdin, r.Stdout, r.Stderr = strings.NewReader(script.String()), &out, &complaints
	if err := r.Run(); err != nil {
		t.Fatalf("R: %v\n%s", err, complaints.String())
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != len(expressions) {
		t.Fatalf("R answered %d of %d expressions\n%s", len(lines), len(expressions), complaints.String())
	}
	answers := make([][]float64, len(lines))
	for i, line := range lines {
		answers[i] = numbers(t, expressions[i], line)
	}
	return answers
}

func numbers(t testing.TB, expression, line string) []float64 {
	t.Helper()
	var all []float64
	for _, word := range strings.Fields(line) {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatalf("R says %q to %s", line, expression)
		}
		all = append(all, v)
	}
	return all
}

// RVector is numbers as an R vector, without loss of precision.
func RVector(x []float64) string {
	words := make([]string, len(x))
	for i, v := range x {
		words[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return "c(" + strings.Join(words, ",") + ")"
}
