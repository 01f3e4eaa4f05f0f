package accuracy

import (
	"fmt"
	"strings"
)

const limitText = "\n## Distance to the limit\n\nThe detector, with %d hours of history and nothing else, beside two judges that know the law of the noise with all its parameters, and the time of the change: they add up log-likelihood ratios of whitened residuals (Neyman and Pearson; Wald). The informed one also knows the size of the shift that it looks for; the unsure one weighs the five sizes equally. " +
	"All have the threshold at which they alarm in 1 %% of %d quiet watches of %d ticks, seed %d. σ is the standard deviation of the series. Mean ticks count what was not found as %d. Wanted: a ratio of at most 1.5 from 2 σ on.\n\n"

func (p Page) limit(b *strings.Builder) {
	if len(p.Limit) == 0 {
		return
	}
	fmt.Fprintf(b, limitText, limitHistory/60, p.Limit[0].Watches, window, p.Seed, window)
	tableHead(b, "series", "shift", "informed: found, %", "mean ticks", "unsure: found, %", "mean ticks", "detector: found, %", "median ticks", "mean ticks", "ratio to informed", "to unsure")
	for _, r := range p.Limit {
		fmt.Fprintf(b, "| %s | %s σ | %s | %.1f | %s | %.1f | %s | %d | %.1f | %.2f | %.2f |\n", r.Law, number(r.Shift),
			share(r.Informed.Power), r.Informed.Mean, share(r.Unsure.Power), r.Unsure.Mean,
			share(r.Detector.Power), r.Detector.Median, r.Detector.Mean, r.Ratio, r.ToUnsure)
	}
}
