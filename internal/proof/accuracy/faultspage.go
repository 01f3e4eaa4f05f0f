package accuracy

import (
	"fmt"
	"strings"
)

const faultsText = "\n## Real faults\n\nTrain Ticket, 46 services of one system on two days, with 45 faults of about three minutes put into pods (trainticket, from Nezha). A watch sees up to eight signals of one pod: %s. Its history is the other day and this one until then, 20 to 27 hours, without the pod's own faults. Seed %d draws the quiet moments, around which no pod had a fault; no two of one pod overlap. Wanted: at most 1 %% at likely, and six of seven CPU faults by minute 5.\n\nThe rarest move says how much there is to see, without the detector: of each signal of the pod, the mean of the first four minutes less the median of the 30 before, and the share of the moments in its history at which that was as large the bad way; the smallest of all signals, and the median of all watches. A kind of fault whose rarest move is no rarer than that of quiet moments does not show in its pod. A delay on the network lies outside of the pod. So another rule watches the server latency P95 of the services that call the pod, if faults were put into it, with its own false alarms.\n\n"

func (p Page) faults(b *strings.Builder) {
	if p.Faults == nil {
		return
	}
	var names []string
	for _, s := range podSignals {
		names = append(names, fmt.Sprintf("%s (%s)", s.Name, s.Worse))
	}
	fmt.Fprintf(b, faultsText, strings.Join(names, ", "), p.Seed)
	tableHead(b, "quiet moments", "watches", "false alarms at likely, %", "of these a lost signal", "at certain", "callers: at likely", "rarest move, %")
	for _, q := range p.Faults.Quiet {
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %s | %.1f |\n", q.When, q.Watches, q.Likely.text(), q.Lost.text(), q.Certain.text(), q.Callers.text(), 100*q.Furthest)
	}
	b.WriteString("\n")
	tableHead(b, "kind of fault", "faults", "found by minute 3", "by minute 5", "callers: by minute 5", "rarest move, %")
	for _, k := range p.Faults.Kinds {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %.1f |\n", k.Kind, k.Faults, k.Three, k.Five, k.Callers, 100*k.Furthest)
	}
}
