//go:build integration

package accuracy

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestAgainstR compares the peers with the tests of the same name in R.
func TestAgainstR(t *testing.T) {
	var expressions, names []string
	var ours [][]float64
	var tolerances []float64
	f := func(name string, tolerance float64, expression string, got ...float64) {
		names, tolerances = append(names, name), append(tolerances, tolerance)
		ours, expressions = append(ours, got), append(expressions, expression)
	}
	for i := range uint64(12) {
		before, after := grains(2*i, 30+7*int(i), 0), grains(2*i+1, 30+3*int(i), float64(i)/10-0.3)
		two := fmt.Sprintf("(%s, %s, ", servertest.RVector(after), servertest.RVector(before))
		name := fmt.Sprintf("sample %d: ", i)
		f(name+"Welch", 1e-11, "t.test"+two+`alternative="greater")$p.value`, welch(before, after))
		f(name+"Mann-Whitney", 1e-11, "wilcox.test"+two+`alternative="greater", exact=FALSE, correct=TRUE)$p.value`, mannWhitney(before, after))
		s := shiftOf(after, before, 0.98)
		f(name+"shift", rootTolerance, "1+unname(unlist(wilcox.test"+two+`conf.int=TRUE, conf.level=.98, exact=FALSE)[c("conf.int","estimate")]))`, 1+s.low, 1+s.high, 1+s.estimate) // as near as either looks for a root
		f(name+"common language", 1e-12, "{o<-outer"+two+`"-"); mean(o>0)+mean(o==0)/2}`, commonLanguage(after, before))
		f(name+"k-sigma", 1e-10, fmt.Sprintf("{b<-%s; max(0, %g-mean(b))/sd(b)}", servertest.RVector(before), slices.Max(after)),
			sigmas(before, []float64{slices.Max(after)}))
		sorted := slices.Sorted(slices.Values(before))
		f(name+"Kayenta's percentile", 1e-12, fmt.Sprintf("quantile(%s, c(.01,.25,.75,.99), type=6)", servertest.RVector(before)),
			percentile(sorted, 0.01), percentile(sorted, 0.25), percentile(sorted, 0.75), percentile(sorted, 0.99))
	}
	for i, want := range servertest.R(t, expressions...) {
		for k, w := range want {
			if math.Abs(ours[i][k]-w) > tolerances[i]*math.Abs(w) {
				t.Errorf("%s: %v, R says %v", names[i], ours[i], want)
				break
			}
		}
		if len(want) != len(ours[i]) {
			t.Errorf("%s: R gives %v", names[i], want)
		}
	}
}
