package detector

// Method is the version of the way of judging. It changes whenever an equal
// observation could lead to another verdict.
const Method = "7"
