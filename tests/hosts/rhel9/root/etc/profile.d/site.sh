export HISTSIZE=1000
export JAVA_HOME=/usr/lib/jvm/jre-17
