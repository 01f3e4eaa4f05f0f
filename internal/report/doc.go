// Package report renders a stored verdict for people: a line a signal for
// messages and pages, a headline, and a terminal page with plots. One record,
// many renderings: nothing here decides, asks a store or reads a clock, so an
// old verdict can be rendered again years later.
//
//	Moved      one line a signal       messages, annotations, pages
//	Headline   one line a verdict      subjects, titles
//	Text       the whole record        pushback explain, rules try
//	Plots      plots with axes         pushback explain --plot
//	Chance     a p-value in words      pages, pictures, explain, the API
//	Matter     the signals to show     pictures
//	Spark      one line a signal       pushback watch, top
package report
