package versions

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// The bounds of what a query may answer. What is beyond is left out, and named in Trouble.
const (
	maxSlots     = 5000
	maxVersions  = 50 // of one service at one moment
	maxInstances = 1e6
)

// snapshot is the instances of every service, at one moment.
type snapshot map[sources.Slot]instances

// read makes snapshots of series: one for each time that has a sample. skipped is how many series
// had no usable name or value.
func (c config) read(series []sources.Series) (byTime map[int64]snapshot, skipped int) {
	byTime = map[int64]snapshot{}
	for _, s := range series {
		slot, version, ok := c.nameOf(s.Labels)
		if !ok {
			skipped++
			continue
		}
		for _, sample := range s.Samples {
			if !c.count(byTime, sample, slot, version) {
				skipped++
				break
			}
		}
	}
	return byTime, skipped
}

// count adds the instances of one sample.
func (c config) count(byTime map[int64]snapshot, sample sources.Sample, slot sources.Slot, version string) bool {
	if !(sample.V >= 0.5) { //nolint:staticcheck // NaN counts as none, too
		return true
	}
	at := byTime[sample.T]
	if at == nil {
		at = snapshot{}
		byTime[sample.T] = at
	}
	if at[slot] == nil {
		if len(at) >= maxSlots {
			return false
		}
		at[slot] = instances{}
	}
	if _, known := at[slot][version]; !known && len(at[slot]) >= maxVersions {
		return false
	}
	at[slot][version] += int(math.Round(min(sample.V, maxInstances)))
	return true
}

// nameOf returns the place and the version of a series, by its labels.
func (c config) nameOf(labels map[string]string) (slot sources.Slot, version string, ok bool) {
	slot = sources.Slot{Service: labels[c.Service], Environment: c.Environment, Region: labels[c.RegionLabel], Kind: sources.Deploy}
	if c.EnvironmentLabel != "" {
		slot.Environment = cmp.Or(labels[c.EnvironmentLabel], c.Environment)
	}
	if ours, translated := c.Environments[slot.Environment]; translated {
		slot.Environment = ours
	}
	if version = labels[c.Version]; c.pattern != nil {
		groups := c.pattern.FindStringSubmatch(version)
		if groups == nil {
			return slot, "", false
		}
		version = groups[c.pattern.SubexpIndex("version")]
	}
	if slot.Service == "" || version == "" {
		return slot, "", false
	}
	for _, name := range []string{slot.Service, slot.Environment, slot.Region, version} {
		if sources.CheckName(name) != nil {
			return slot, "", false
		}
	}
	return slot, version, true
}

// timesOf are the times of snapshots, in order.
func timesOf(byTime map[int64]snapshot) []time.Time {
	var all []time.Time
	for t := range byTime {
		all = append(all, time.UnixMilli(t).UTC())
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}
