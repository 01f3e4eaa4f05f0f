package accuracy

import (
	"fmt"
	"strings"
)

const faultsText = "\n## Real faults\n\nTrain Ticket, 46 services of one system on two days, with 45 faults of about three minutes put into pods (trainticket, from Nezha). A watch sees up to eight signals of one pod: %s. Its history is the other day and this one until then, 20 to 27 hours, without the pod's own faults. Seed %d draws the quiet moments, around which no pod had a fault; those of one pod overlap, so that the intervals are too narrow. Wanted: at most 1 %% at likely, and six of seven CPU faults by minute 5.\n\n"

func (p Page) faults(b *strings.Builder) {
	if p.Faults == nil {
		return
	}
	var names []string
	for _, s := range podSignals {
		names = append(names, fmt.Sprintf("%s (%s)", s.Name, s.Worse))
	}
	fmt.Fprintf(b, faultsText, strings.Join(names, ", "), p.Seed)
	tableHead(b, "quiet moments", "watches", "false alarms at likely, %", "of these a lost signal", "at certain")
	for _, q := range p.Faults.Quiet {
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s |\n", q.When, q.Watches, q.Likely.text(), q.Lost.text(), q.Certain.text())
	}
	b.WriteString("\n")
	tableHead(b, "kind of fault", "faults", "found by minute 3", "by minute 5")
	for _, k := range p.Faults.Kinds {
		fmt.Fprintf(b, "| %s | %d | %d | %d |\n", k.Kind, k.Faults, k.Three, k.Five)
	}
}
