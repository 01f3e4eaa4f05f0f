package accuracy

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pushback/pushback/internal/proof/trains"
)

// Page is the content of docs/accuracy.md.
type Page struct {
	Command     string       `json:"command"`
	Seed        uint64       `json:"seed"`
	Series      string       `json:"series"`         // what the main report was measured on
	Main        *Report      `json:"main,omitempty"` // nil: not measured
	Further     []Further    `json:"further,omitempty"`
	Counts      []CountRow   `json:"counts,omitempty"`
	Calibration []Cell       `json:"calibration,omitempty"`
	Rare        []RareRow    `json:"rare,omitempty"`
	Several     []SeveralRow `json:"several,omitempty"`
	Warmups     []WarmupRow  `json:"warmups,omitempty"`
	Limit       []LimitRow   `json:"limit,omitempty"`
	Faults      *RealFaults  `json:"faults,omitempty"`
	Dirty       []DirtyRow   `json:"dirty,omitempty"`

	Trains *trains.Report `json:"trains,omitempty"`
}

// Further is a report of only the detector, on other series.
type Further struct {
	Name   string `json:"name"`
	Report Report `json:"report"`
}

// The names of the plots, within the folder of images beside the page.
const (
	PowerPlot = "accuracy-power.svg"
	TicksPlot = "accuracy-ticks.svg"
)

// Markdown writes the page. images is the folder of the plots, relative to the page.
func (p Page) Markdown(w io.Writer, images string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Accuracy\n\nMade by `%s`; the same command gives the same page. The package comment of internal/proof/accuracy describes what is measured, and why with these methods. The constants of the detector were chosen with seeds 1 to 99 and on the recorded series; figures of drawn series are made with seed %d.\n\n", p.Command, p.Seed)
	p.main(&b, images)
	p.further(&b)
	p.counts(&b)
	p.calibration(&b)
	p.rare(&b)
	p.several(&b)
	p.warmups(&b)
	p.limit(&b)
	p.faults(&b)
	p.dirty(&b)
	p.trains(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// main writes the comparison with the peers.
func (p Page) main(b *strings.Builder, images string) {
	if p.Main == nil {
		return
	}
	fmt.Fprintf(b, "%d random moments of %s at which nothing was deployed, %d ticks before and %d after, judged at every tick, %d ticks of history, seed %d. An alarm on the unchanged series is false; *power* is the mean share of %d regressions that was found when they were added at the same moments.\n\n",
		p.Main.Moments, p.Series, window, window, p.Main.History, p.Main.Seed, len(p.Main.Scenarios))
	b.WriteString("## At each method's default\n\n")
	p.Main.summary(b, 0)
	fmt.Fprintf(b, "\n![false alarms against power](%s/%s)\n", images, PowerPlot)
	for _, rate := range matchedRates {
		fmt.Fprintf(b, "\n## Tuned to %s %% false alarms\n\n", number(100*rate))
		p.Main.summary(b, rate)
		p.Main.compare(b, rate)
		p.Main.byScenario(b, rate)
	}
	fmt.Fprintf(b, "\n## Time to detect\n\nMedian ticks until the alarm, of the regressions that were found, at 1 %% false alarms; in brackets the share found.\n\n![time to detect](%s/%s)\n\n", images, TicksPlot)
	p.Main.timeToDetect(b, matchedRates[0])
}

// at returns the rows of one false-alarm rate; 0 is the defaults.
func (r Report) at(matched float64) []Row {
	var rows []Row
	for _, row := range r.Rows {
		if row.Matched == matched {
			rows = append(rows, row)
		}
	}
	return rows
}

func (r Report) summary(b *strings.Builder, matched float64) {
	tableHead(b, "method", "threshold", "false alarms", "95 % interval", "power")
	for _, row := range r.at(matched) {
		setting := row.Setting
		if matched > 0 {
			setting = threshold(row.Threshold)
		}
		fmt.Fprintf(b, "| %s | %s | %s %% | %s–%s | %s %% |\n", row.Method, setting, share(row.FalseAlarms), share(row.Low), share(row.High), share(row.Power))
	}
}

// compare writes one sentence that compares the detector with the best peer of each
// scenario.
func (r Report) compare(b *strings.Builder, matched float64) {
	if len(r.at(matched)) <= len(Ours) {
		b.WriteString("\n")
		return
	}
	points, scenario, method := r.shortfall(matched)
	if points <= 0 {
		fmt.Fprintf(b, "\nAhead of every peer in every scenario; nearest is %s at %s, %s points behind.\n\n", method, scenario, share(-points))
		return
	}
	fmt.Fprintf(b, "\nBehind the best peer by at most %s points: %s at %s.\n\n", share(points), method, scenario)
}

func (r Report) byScenario(b *strings.Builder, matched float64) {
	r.table(b, matched, func(row Row, s int) string { return share(row.Caught[s]) })
}

func (r Report) timeToDetect(b *strings.Builder, matched float64) {
	r.table(b, matched, func(row Row, s int) string {
		if row.Ticks[s] == 0 {
			return "–"
		}
		return fmt.Sprintf("%d (%s)", row.Ticks[s], share(row.Caught[s]))
	})
}

func (r Report) table(b *strings.Builder, matched float64, cell func(row Row, scenario int) string) {
	rows := r.at(matched)
	columns := []string{"found, %"}
	for _, row := range rows {
		columns = append(columns, row.Method)
	}
	tableHead(b, columns...)
	for s, name := range r.Scenarios {
		line := []string{name}
		for _, row := range rows {
			line = append(line, cell(row, s))
		}
		tableRow(b, line...)
	}
}

func (p Page) further(b *strings.Builder) {
	if len(p.Further) == 0 {
		return
	}
	b.WriteString("\n## Other series\n\nOnly the detector, at its defaults.\n\n")
	tableHead(b, "series", "history, ticks", "moments", "grade", "false alarms", "95 % interval", "power")
	for _, f := range p.Further {
		for _, row := range f.Report.at(0) {
			fmt.Fprintf(b, "| %s | %d | %d | %s | %s %% | %s–%s | %s %% |\n", f.Name, f.Report.History, f.Report.Moments, row.Method,
				share(row.FalseAlarms), share(row.Low), share(row.High), share(row.Power))
		}
	}
}

func (p Page) counts(b *strings.Builder) {
	if len(p.Counts) == 0 {
		return
	}
	b.WriteString("\n## Counts and latencies\n\nSimulated traffic, judged at every tick. The count test is judged by p, a rule by its grade. φ is the variance of the counts relative to a Poisson distribution.\n\n")
	tableHead(b, "traffic", "p at most", "within minutes", "alarms", "95 % interval")
	for _, c := range p.Counts {
		fmt.Fprintf(b, "| %s | %s | %d | %.2f %% | %.2f–%.2f |\n", c.What, number(c.Level), c.Within, 100*c.Share, 100*c.Low, 100*c.High)
	}
}

// tableHead writes the names of a table's columns, and the line below them.
func tableHead(b *strings.Builder, columns ...string) {
	tableRow(b, columns...)
	b.WriteString("|" + strings.Repeat("---|", len(columns)) + "\n")
}

func tableRow(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// threshold is a score in three digits. Above unbounded nothing alarms: the method
// cannot have so few false alarms and still find anything.
func threshold(v float64) string {
	if v > unbounded {
		return "never"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// foundAfter is the share that was found, and in brackets the median ticks until then.
func foundAfter(part float64, ticks int) string { return fmt.Sprintf("%s (%d)", share(part), ticks) }

// share is per cent with one digit.
func share(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }

// number is the shortest way to write v.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
