package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/pushback/pushback/internal/survey"
)

// prompt asks a person on a terminal; an empty answer means otherwise. It returns ""
// where in is no terminal, and at the end of the input.
func prompt(what, otherwise string, in *os.File, ask io.Writer) string {
	if !isTerminal(in) {
		return ""
	}
	fmt.Fprintf(ask, "%s [%s]: ", what, otherwise)
	line, err := bufio.NewReader(io.LimitReader(in, 4<<10)).ReadString('\n')
	if err != nil {
		fmt.Fprintln(ask)
		return ""
	}
	return cmp.Or(strings.TrimSpace(line), otherwise)
}

// mostQuestions is how many services a person is asked about.
const mostQuestions = 10

// choose asks a person on a terminal which metrics show the requests of services that count them
// in two ways. Elsewhere nothing is chosen: the first is read.
func choose(all []survey.Ambiguity, in *os.File, ask io.Writer) map[string]string {
	choices := map[string]string{}
	if !isTerminal(in) {
		return choices
	}
	for _, a := range all[:min(len(all), mostQuestions)] {
		fmt.Fprintf(ask, "%s counts its requests in several ways:\n", clean(a.Service))
		for i, k := range a.Known {
			fmt.Fprintf(ask, "  %d  %s (%s)\n", i+1, k.Metrics[0], k.By)
		}
		n, err := strconv.Atoi(prompt("which one shows them", "1", in, ask))
		if err == nil && n > 1 && n <= len(a.Known) {
			choices[a.Service] = a.Known[n-1].Convention
		}
	}
	return choices
}

// newSteps returns a function that shows on a terminal what is being done; elsewhere it writes
// nothing.
func newSteps(w io.Writer) func(string) {
	if !isTerminal(w) {
		return func(string) {}
	}
	return func(step string) { fmt.Fprintf(w, "%s …\n", step) }
}
