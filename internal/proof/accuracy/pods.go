package accuracy

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Pod is what was recorded of one pod on one day: a value a minute of each column. Names
// of pods change from day to day; the service is what stays.
type Pod struct {
	Name, Service string
	Times         []int64 // unix seconds, about a minute apart
	Columns       map[string][]float64
}

// Fault is one that was put into a pod on purpose. It took about three minutes.
type Fault struct {
	At   int64 // unix seconds
	Pod  string
	Kind string
}

// Recording is some days of pods, with the faults that were put into them.
type Recording struct {
	Days   [][]Pod // by day, in the order of their dates
	Faults []Fault
}

// ReadRecording reads a folder of days, each with a CSV file a pod, and faults.csv.
func ReadRecording(folder string) (Recording, error) {
	faults, err := parseFile(filepath.Join(folder, "faults.csv"), readFaults)
	if err != nil {
		return Recording{}, err
	}
	days, err := list(folder, "*-*-*")
	if err != nil {
		return Recording{}, err
	}
	r := Recording{Faults: faults}
	for _, day := range days {
		pods, err := readPods(day)
		if err != nil {
			return r, err
		}
		r.Days = append(r.Days, pods)
	}
	if len(r.Days) < 2 {
		return r, fmt.Errorf("%s has %d days; at least two are needed, because one is the other's history", folder, len(r.Days))
	}
	return r, nil
}

func readFaults(from io.Reader) ([]Fault, error) {
	rows, err := readRows(from)
	if err != nil {
		return nil, err
	}
	faults := make([]Fault, 0, len(rows))
	for _, row := range rows[1:] {
		if len(row) < 3 {
			return nil, fmt.Errorf("a row of %d columns; timestamp, pod and type are needed", len(row))
		}
		at, err := parseSeconds(row[0])
		if err != nil {
			return nil, err
		}
		faults = append(faults, Fault{at, row[1], row[2]})
	}
	return faults, nil
}

func readPods(day string) ([]Pod, error) {
	paths, err := list(day, "*.csv.gz")
	if err != nil {
		return nil, err
	}
	pods := make([]Pod, 0, len(paths))
	for _, path := range paths {
		p, err := parseFile(path, func(r io.Reader) (Pod, error) { return readPod(nameOf(path), r) })
		if err != nil {
			return nil, err
		}
		pods = append(pods, p)
	}
	return pods, nil
}

// readPod reads one pod. What is no number is missing.
func readPod(name string, from io.Reader) (Pod, error) {
	rows, err := readRows(from)
	if err != nil {
		return Pod{}, err
	}
	p := Pod{Name: name, Service: serviceOf(name), Columns: map[string][]float64{}}
	for _, row := range rows[1:] {
		at, err := parseSeconds(row[0])
		if err != nil {
			return p, err
		}
		p.Times = append(p.Times, at)
		for i, column := range rows[0][1:] {
			v, err := strconv.ParseFloat(row[i+1], 64)
			if err != nil || math.IsInf(v, 0) {
				v = math.NaN()
			}
			p.Columns[column] = append(p.Columns[column], v)
		}
	}
	return p, nil
}

// readRows reads the rows of a table, of which the first is the heading.
func readRows(from io.Reader) ([][]string, error) {
	rows, err := csv.NewReader(from).ReadAll()
	if err == nil && len(rows) < 2 {
		err = errors.New("no rows below the heading")
	}
	return rows, err
}

func parseSeconds(text string) (int64, error) {
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("timestamp %.40q is no number of seconds", text)
	}
	return at, nil
}

// serviceOf is the pod's name without the hash of its replica set and its own.
func serviceOf(pod string) string {
	parts := strings.Split(pod, "-")
	return strings.Join(parts[:max(len(parts)-2, 1)], "-")
}

// faultTime is for how long a pod's own fault, and its end, are cut out of its series.
const faultTime = 5 * time.Minute

// faulty reports, by row, whether a fault of a pod was there, but for one that is looked at.
func (r Recording) faulty(pod string, times []int64, but int64) []bool {
	rows := make([]bool, len(times))
	for _, f := range r.Faults {
		if f.Pod != pod || f.At == but {
			continue
		}
		for i, at := range times {
			rows[i] = rows[i] || at > f.At && at <= f.At+int64(faultTime/time.Second)
		}
	}
	return rows
}

// quietAround reports whether no pod had a fault within a window's length of a row, and
// the system was left alone: see troubles.
func (r Recording) quietAround(at int64) bool {
	const reach = window * 60
	for _, f := range r.Faults {
		if f.At > at-reach-int64(faultTime/time.Second) && f.At < at+reach {
			return false
		}
	}
	day := at % (24 * 3600)
	for _, t := range troubles {
		if day+reach > t.from && day-reach < t.to {
			return false
		}
	}
	return true
}

// troubles are the times of day, in seconds, at which the recorded system changed without a
// listed fault: two troubles on the first day, and the end of the traffic at four in the
// afternoon on both.
var troubles = []struct{ from, to int64 }{{13*3600 + 3300, 14*3600 + 600}, {15*3600 + 3420, 16*3600 + 1500}}

// trafficEnds is the time of day, in seconds, after which next to nothing was asked of the
// system.
const trafficEnds = 16 * 3600
