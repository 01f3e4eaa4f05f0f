# Completion of pushback for bash. Install it as
# /usr/share/bash-completion/completions/pushback, or write into ~/.bashrc:
#   source <(pushback completion bash)
_pushback() {
    local line=${COMP_LINE:0:COMP_POINT} value text kept
    local word=${line##*[[:space:]]}
    # Readline replaces what stands after the last = or : alone.
    kept=${word%"${word##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r value text; do
        if [[ $value == :files ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r value; do
                COMPREPLY+=("$value")
            done < <(compgen -f -- "${word#"$kept"}")
            continue
        fi
        printf -v value %q "${value#"$kept"}"
        COMPREPLY+=("$value")
    done < <(command "${COMP_WORDS[0]}" __complete --line="$line" 2>/dev/null)
}
complete -F _pushback pushback
