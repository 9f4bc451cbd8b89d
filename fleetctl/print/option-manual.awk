# The options of a manual page as rows of a table in C (option-manual.h): what 'fleetctl explain' prints is what the
# page says, and nobody has to write it twice. Knows as much of the man macros as the pages use below OPTIONS.
#
# usage: awk -v page='fleet-unit(5)' -v equals== -f option-manual.awk fleet-unit.5
# equals: "=" if the names of options end in one, "" if the whole tag is a list of names.

# The words of a macro's line; what stands in quotes is one.
function words_split(line, words,    n, c, i, word, is_quoted, has_word) {
    n = 0
    word = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") {
            is_quoted = !is_quoted
            has_word = 1
        } else if (c == " " && !is_quoted) {
            if (has_word)
                words[++n] = word
            word = ""
            has_word = 0
        } else {
            word = word c
            has_word = 1
        }
    }
    if (has_word)
        words[++n] = word
    return n
}

function escapes_resolve(text) {
    gsub(/\\f[BIRP]/, "", text)
    gsub(/\\\(bu/, "*", text)
    gsub(/\\\(aq/, "'", text)
    gsub(/\\-/, "-", text)
    gsub(/\\&/, "", text)
    gsub(/\\e/, "\\", text)
    return text
}

# What a line of the page says, without its macros for fonts.
function line_text(line,    words, n, i, text, separator) {
    if (line !~ /^\./)
        return escapes_resolve(line)
    separator = line ~ /^\.[BI] / ? " " : "" # two fonts in turn, without a space
    n = words_split(substr(line, index(line, " ") + 1), words)
    text = ""
    for (i = 1; i <= n; i++)
        text = text (i > 1 ? separator : "") words[i]
    return escapes_resolve(text)
}

# For a string of C.
function text_escape(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return text
}

# A paragraph is a line; what it is indented by stands before it.
function paragraph_end() {
    if (paragraph != "")
        text = text (text == "" ? "" : "\\n") substr("        ", 1, indent) paragraph
    paragraph = ""
}

function option_end(    names, n, i, name) {
    paragraph_end()
    if (tag != "") {
        name = tag
        if (equals != "")
            sub("=.*", "", name)
        n = split(name, names, ", ")
        for (i = 1; i <= n; i++)
            printf "    {\"%s\", \"%s\", \"%s\",\n     \"%s\"},\n", page, names[i], text_escape(tag), text
    }
    tag = text = ""
    indent = depth = 0
}

function paragraph_add(line) {
    paragraph = paragraph (paragraph == "" ? "" : " ") text_escape(line)
}

# What stands below a tag that names no option, like a type of values, is left out.
function is_option(tag_text) {
    return equals == "" ? tag_text ~ /^[a-z_]+(, [a-z_]+)*$/ : tag_text ~ /^[A-Z][A-Za-z]+=/
}

/^\.SH / { option_end(); is_inside = $0 == ".SH OPTIONS"; next }
!is_inside { next }
/^\.\\"/ { next }
/^\.SS/ { option_end(); next }
/^\.RS/ { paragraph_end(); depth++; indent = 0; next }
/^\.RE/ { paragraph_end(); depth--; indent = 0; next }
/^\.TP/ && depth == 0 { option_end(); is_tag = 1; next }
/^\.TP/ { paragraph_end(); is_nested_tag = 1; next }
/^\.PP/ && depth == 0 { option_end(); next }
/^\.PP/ { paragraph_end(); indent = 0; next }
/^\.IP/ { paragraph_end(); next }
is_tag {
    is_tag = 0
    if (is_option(line_text($0)))
        tag = line_text($0)
    next
}
is_nested_tag {
    is_nested_tag = 0
    indent = 2
    paragraph_add(line_text($0))
    paragraph_end()
    indent = 6
    next
}
tag != "" { paragraph_add(line_text($0)) }
END { option_end() }
